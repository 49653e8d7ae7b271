package array

import (
	"fmt"
	"sync/atomic"

	"shmkit/internal/cell"
	"shmkit/internal/hold"
	"shmkit/shm"
)

// Array is a fixed number of T side by side in shared memory. T is plain memory:
// numbers, bools, arrays and structs of them.
//
// Use [New], [From], [NewIn], [FromIn], [Open] or unmarshal one that another
// process sent; the zero value is only good for that, and an Array must not be
// copied. All methods but Close may be called concurrently, and from several
// processes; which of them are synchronised, and how, is said in the package doc.
// A process that dies leaves what it had written so far; if it dies with the lock
// held, the next one who takes the lock is told: see [Array.Lock].
type Array[T any] struct {
	base atomic.Pointer[T] // the first item, nil when the Array is not open
	n    int
	off  int // index of the first item in the object: more than 0 only in views
	view bool

	fail func(i int) *T // panics; a field for the sake of the inliner, see package cell
	form cell.Form
	hold *hold.Hold // shared with the views
}

// New makes an Array of n zero items without a name on the process's default heap.
// It is freed when the last process that uses it closes it or dies. n may be 0.
// Errors: shm.ErrType if T is not plain memory, [ErrLength] if n is negative,
// shm.ErrTooLarge, and those of shm.Default and Segment.NewObject.
func New[T any](n int) (*Array[T], error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return NewIn[T](seg, "", n)
}

// From makes an Array without a name that starts as a copy of items. Errors as New.
func From[T any](items []T) (*Array[T], error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return FromIn(seg, "", items)
}

// NewIn makes an Array of n zero items called name in seg. It stays until
// Segment.RemoveObject. Errors as New, shm.ErrExists among them.
func NewIn[T any](seg *shm.Segment, name string, n int) (*Array[T], error) {
	a := new(Array[T])
	if err := a.create(seg, name, n, nil); err != nil {
		return nil, err
	}
	return a, nil
}

// FromIn makes an Array called name in seg that starts as a copy of items. Nobody
// sees it before it is complete. Errors as NewIn.
func FromIn[T any](seg *shm.Segment, name string, items []T) (*Array[T], error) {
	a := new(Array[T])
	if err := a.create(seg, name, len(items), items); err != nil {
		return nil, err
	}
	return a, nil
}

// Open opens the Array called name in seg, however long it is. Errors:
// shm.ErrNotFound; *shm.TypeError, which is shm.ErrType and tells both types, if it
// is not an Array of T.
func Open[T any](seg *shm.Segment, name string) (*Array[T], error) {
	a := new(Array[T])
	if err := a.openName(seg, name); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Array[T]) create(seg *shm.Segment, name string, n int, items []T) error {
	if n < 0 {
		return fmt.Errorf("%w: %d items", ErrLength, n)
	}
	spec, err := specOf[T]()
	if err != nil {
		return err
	}
	spec.Count = uint64(n)
	o, err := seg.NewObject(name, spec, func(o *shm.Object) error {
		copy(shm.Items[T](o), items)
		return nil
	})
	if err == nil {
		a.init(hold.New(o, nil), 0, n)
	}
	return err
}

func (a *Array[T]) openName(seg *shm.Segment, name string) error {
	want, err := specOf[T]()
	if err != nil {
		return err
	}
	o, err := seg.OpenObject(name, want)
	if err == nil {
		a.init(hold.New(o, nil), 0, int(o.Spec().Count))
	}
	return err
}

// specOf is what an Array of T is, but for its length.
func specOf[T any]() (shm.Spec, error) {
	t, err := shm.TypeOf[T]()
	return shm.Spec{Kind: shm.KindArray, Type: t, Mutex: true}, err
}

// init makes a the n items from off on, as one of the handles that share h.
func (a *Array[T]) init(h *hold.Hold, off, n int) {
	a.hold, a.off, a.n, a.form, a.fail = h, off, n, cell.FormOf[T](), a.outside
	a.base.Store(first(shm.Items[T](h.Object)[off : off+n]))
}

// Len is the number of items. It stays the same for the life of the array.
func (a *Array[T]) Len() int { return a.n }

// View is an Array over the items [from, to): the same memory and the same lock in
// every process, with indexes from 0. It is closed apart, and stays usable when a is
// closed. A view can be sent to other processes too. Errors: [*BoundsError],
// [ErrClosed].
func (a *Array[T]) View(from, to int) (*Array[T], error) {
	if from < 0 || to < from || to > a.n {
		return nil, &BoundsError{From: from, To: to, Len: a.n, Range: true}
	}
	if a.base.Load() == nil {
		return nil, ErrClosed
	}
	if err := a.hold.Share(); err != nil {
		return nil, err
	}
	v := &Array[T]{view: true}
	v.init(a.hold, a.off+from, to-from)
	return v, nil
}

// Close ends this handle's use of the array; views of it go on. The last one waits
// for operations of this process under the lock, and makes those that wait for it
// fail; it must not be called from within With. The array itself is unchanged. If
// this was the last handle of the process and the process holds the lock, that is
// passed on with sync.ErrOwnerDied. Slices of the array must
// not be used any more: the memory may become another object's. Afterwards methods
// with an error result give ErrClosed, and those without one panic. A second Close
// gives ErrClosed.
func (a *Array[T]) Close() error {
	if a.base.Swap(nil) == nil {
		return ErrClosed
	}
	return a.hold.Close()
}

// String is for people: the type and the number of items.
func (a *Array[T]) String() string {
	if a.base.Load() == nil {
		return "Array(closed)"
	}
	return fmt.Sprintf("Array of %d %s", a.n, a.hold.Object.Spec().Type)
}
