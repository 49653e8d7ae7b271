package value

import (
	"fmt"
	"sync/atomic"

	"shmkit/internal/cell"
	"shmkit/internal/hold"
	"shmkit/shm"
)

// Value is a T in shared memory. T is plain memory: numbers, bools, arrays and
// structs of them.
//
// Use [New], [NewIn], [Open] or unmarshal one that another process sent; the zero
// value is only good for that, and a Value must not be copied. All methods but
// Close may be called concurrently, and from several processes. A process that
// dies, inside any method, leaves the old value or the new one. If it dies with
// the lock held, the next one who takes the lock is told; see [Value.Lock].
type Value[T any] struct {
	// item is the T, nil when the Value is not open. The others are the same
	// pointer where one instruction does for T, else nil.
	item  atomic.Pointer[T]
	plain atomic.Pointer[T] // Load, Store
	wide  atomic.Pointer[T] // Swap
	exact atomic.Pointer[T] // CompareAndSwap
	count atomic.Pointer[T] // Add

	// What the operations do where it does not. They are fields for the sake of
	// the inliner: see package cell.
	load  func() T
	store func(T)
	swap  func(T) T
	cas   func(old, new T) bool
	add   func(T) T

	form cell.Form
	hold *hold.Hold
	redo *shm.Redo[T] // nil if T is atomic

	// found is what redo.State was when this handle last took the lock over from the
	// dead. Written and read with the lock held.
	found atomic.Uint64
}

// New makes a Value without a name on the process's default heap. It is freed when
// the last process that uses it closes it or dies. Errors: shm.ErrType if T is not
// plain memory, and those of shm.Default and Segment.NewObject.
func New[T any](init T) (*Value[T], error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return create(seg, "", init)
}

// NewIn makes a Value called name in seg. It stays until Segment.RemoveObject.
// Errors: shm.ErrType if T is not plain memory, and those of Segment.NewObject,
// shm.ErrExists among them.
func NewIn[T any](seg *shm.Segment, name string, init T) (*Value[T], error) {
	return create(seg, name, init)
}

// Open opens the Value called name in seg. Errors: shm.ErrNotFound; *shm.TypeError,
// which is shm.ErrType and tells both types, if it is not a Value of T.
func Open[T any](seg *shm.Segment, name string) (*Value[T], error) {
	want, err := specOf[T]()
	if err != nil {
		return nil, err
	}
	o, err := seg.OpenObject(name, want)
	if err != nil {
		return nil, err
	}
	return new(Value[T]).init(o), nil
}

func create[T any](seg *shm.Segment, name string, init T) (*Value[T], error) {
	spec, err := specOf[T]()
	if err != nil {
		return nil, err
	}
	o, err := seg.NewObject(name, spec, func(o *shm.Object) error {
		shm.Items[T](o)[0] = init
		return nil
	})
	if err != nil {
		return nil, err
	}
	return new(Value[T]).init(o), nil
}

// specOf is what a Value of T is.
func specOf[T any]() (shm.Spec, error) {
	t, err := shm.TypeOf[T]()
	return shm.Spec{Kind: shm.KindValue, Type: t, Count: 1, Mutex: true}, err
}

// init makes v a handle of o, which it then owns.
func (v *Value[T]) init(o *shm.Object) *Value[T] {
	v.load, v.store, v.swap, v.cas, v.add = v.loadSlow, v.storeSlow, v.swapSlow, v.casSlow, v.addSlow
	v.form = cell.FormOf[T]()
	item := &shm.Items[T](o)[0]
	var settle func()
	if !v.form.Atomic() {
		v.redo = shm.RedoOf[T](o)
		settle = func() { v.settle(item) } // also of a Value that was closed meanwhile
	}
	v.hold = hold.New(o, settle)
	set := func(p *atomic.Pointer[T], does bool) {
		if does {
			p.Store(item)
		}
	}
	set(&v.item, true)
	set(&v.plain, v.form.Atomic())
	set(&v.wide, v.form.Wide())
	set(&v.exact, v.form.Exact())
	set(&v.count, v.form.Counts())
	return v
}

// Close ends this handle's use of the value. It waits for operations of this
// process that have the lock, and makes those that wait for it fail; it must not
// be called from within Update. The value itself is unchanged. If this was the last
// handle of the process and the process holds the lock, that is passed on with
// sync.ErrOwnerDied. Afterwards methods with an error result
// give ErrClosed, and those without one panic. A second Close gives ErrClosed.
func (v *Value[T]) Close() error {
	if v.item.Swap(nil) == nil {
		return ErrClosed
	}
	v.plain.Store(nil)
	v.wide.Store(nil)
	v.exact.Store(nil)
	v.count.Store(nil)
	return v.hold.Close()
}

// String is for people: the value, or only its type if reading it could wait.
func (v *Value[T]) String() string {
	switch {
	case v.item.Load() == nil:
		return "Value(closed)"
	case v.form.Atomic():
		return fmt.Sprintf("Value(%v)", v.Load())
	}
	return v.hold.Object.Spec().String()
}
