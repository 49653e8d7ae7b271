package sync

import (
	"context"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// RecursiveMutex is a [Mutex] that its [Holder] may lock again, and gives back by as
// many calls of Unlock. It belongs to the holder, not to the process as a whole.
//
// Use [NewRecursiveMutex], [NewRecursiveMutexIn], [OpenRecursiveMutex] or unmarshal
// one that another process sent; the zero value is not usable, and it must not be
// copied. All methods but Close may be called concurrently and from several processes,
// with different holders. If a process dies while a holder of it has the lock, the next
// Lock, in whatever process, returns [ErrOwnerDied] with the lock held, once. If a
// process dies while it waits, nothing happens to the others.
type RecursiveMutex struct {
	mutex  Mutex
	record *layout.RecursiveMutex // like the word of mutex not to be touched after Close
}

// recursiveSpec is what a recursive mutex object is.
var recursiveSpec = shm.Spec{Kind: shm.KindRecursiveMutex, Mutex: true}

// NewRecursiveMutex makes an unlocked RecursiveMutex without a name on the process's
// default heap. It is freed when the last process that uses it closes it or dies.
// Errors: those of shm.Default and Segment.NewObject.
func NewRecursiveMutex() (*RecursiveMutex, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return newRecursive(seg, "")
}

// NewRecursiveMutexIn makes an unlocked RecursiveMutex called name in seg. It stays
// until Segment.RemoveObject. Errors: those of Segment.NewObject, shm.ErrExists among
// them.
func NewRecursiveMutexIn(seg *shm.Segment, name string) (*RecursiveMutex, error) {
	return newRecursive(seg, name)
}

// OpenRecursiveMutex opens the RecursiveMutex called name in seg. Errors:
// shm.ErrNotFound, shm.ErrType if name is something else.
func OpenRecursiveMutex(seg *shm.Segment, name string) (*RecursiveMutex, error) {
	o, err := seg.OpenObject(name, recursiveSpec)
	if err != nil {
		return nil, err
	}
	m := new(RecursiveMutex)
	m.init(o)
	return m, nil
}

func newRecursive(seg *shm.Segment, name string) (*RecursiveMutex, error) {
	o, err := seg.NewObject(name, recursiveSpec, nil)
	if err != nil {
		return nil, err
	}
	m := new(RecursiveMutex)
	m.init(o)
	return m, nil
}

func (m *RecursiveMutex) init(o *shm.Object) {
	m.record = shm.Head[layout.RecursiveMutex](o, layout.RecursiveOff)
	m.mutex.init(o)
}

// Lock takes the lock for h, and waits for it as long as it takes; if h has it already
// it has it once more. Errors: [ErrOwnerDied], and then the lock IS held, once; without
// the lock: [ErrNotRecoverable], [ErrTooMany] if h has it 4,294,967,295 times,
// [ErrClosed]. It panics if h is the zero Holder.
//
// In the terminology of the Go memory model, the Unlock that gives the lock back, in
// any process, synchronizes before the Lock that takes it next returns.
func (m *RecursiveMutex) Lock(h Holder) error { return m.LockContext(context.Background(), h) }

// LockContext is Lock that gives up when ctx ends: it then returns the cause of ctx,
// without the lock. A lock that is free or held by h is taken even if ctx has ended.
func (m *RecursiveMutex) LockContext(ctx context.Context, h Holder) error {
	mine := m.token(h)
	if m.holds(mine) {
		return m.deeper()
	}
	// sync: mutex handed over
	if atomic.CompareAndSwapUint32(m.mutex.word.Load(), 0, m.mutex.self) {
		m.own(mine)
		runtime.KeepAlive(m)
		if race.Enabled {
			raceAcquire(&m.mutex)
		}
		return nil
	}
	return m.lockSlow(ctx, mine)
}

// lockSlow keeps the object in use until the token is there: the handle may be closed
// meanwhile.
func (m *RecursiveMutex) lockSlow(ctx context.Context, mine uint64) error {
	if _, err := m.mutex.enter(); err != nil {
		return err
	}
	defer m.mutex.leave()
	err := m.mutex.LockContext(ctx)
	if err == nil || err == ErrOwnerDied {
		m.own(mine)
	}
	return err
}

// TryLock takes the lock for h if it is free, held by h, or if its holder is known to
// be dead, without waiting. ok tells whether h has it now; with ok, err is nil or
// [ErrOwnerDied]. A lock that another living holder has, of this process too, gives
// false, nil. It panics if h is the zero Holder.
func (m *RecursiveMutex) TryLock(h Holder) (ok bool, err error) {
	mine := m.token(h)
	if m.holds(mine) {
		err := m.deeper()
		return err == nil, err
	}
	if _, err := m.mutex.enter(); err != nil {
		return false, err
	}
	defer m.mutex.leave()
	if ok, err = m.mutex.TryLock(); ok {
		m.own(mine)
	}
	return ok, err
}

// Unlock takes back one Lock of h; the last one gives the lock back. After
// [ErrOwnerDied] without [RecursiveMutex.MarkConsistent] that makes the lock unusable
// for ever. Errors: [ErrNotHeld] if h does not have the lock, [ErrClosed]; the lock is
// unchanged then.
func (m *RecursiveMutex) Unlock(h Holder) error {
	if !m.holds(m.tokenOf(h)) {
		return m.missing()
	}
	if m.shallower() {
		return nil
	}
	m.disown()
	return m.mutex.Unlock()
}

// MarkConsistent tells that h has repaired what the lock protects, after Lock returned
// [ErrOwnerDied]. Only then can the last Unlock pass the lock on. Errors: [ErrNotHeld],
// [ErrConsistent], [ErrClosed].
func (m *RecursiveMutex) MarkConsistent(h Holder) error {
	if !m.holds(m.tokenOf(h)) {
		return m.missing()
	}
	return m.mutex.change(word.MutexConsistent)
}

// Held tells how often h has locked and not unlocked: 0 if it does not have the lock,
// or after Close.
func (m *RecursiveMutex) Held(h Holder) int {
	if !m.holds(m.tokenOf(h)) {
		return 0
	}
	depth := atomic.LoadUint32(&m.record.Depth)
	runtime.KeepAlive(m)
	return int(depth)
}

// Close ends this handle's use of the lock, as [Mutex.Close] does: if this was the last
// handle of the process and a holder of it has the lock, that is passed on as if the
// process had died.
func (m *RecursiveMutex) Close() error { return m.mutex.Close() }
