package sync

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/race"
	"shmkit/shm"
)

// MaxSemaphore is the largest number of permits that a Semaphore can have.
const MaxSemaphore = int(layout.SemaphoreMost)

// Semaphore counts permits that processes share.
//
// Use [NewSemaphore], [NewSemaphoreIn], [OpenSemaphore] or unmarshal one that another
// process sent; the zero value is not usable, and a Semaphore must not be copied. All
// methods but Close may be called concurrently and from several processes, and any process may
// release what another has acquired. So nobody knows whose a permit is: if a
// process dies, the permits that it had acquired are lost. Where that must
// not be, use [Permits]. A process that dies while it waits takes nothing with it.
//
// Who waits may be overtaken; one that wants many permits at once gets them when so
// many are free at one instant.
type Semaphore struct {
	// word is the semaphore word, or closedSemaphore after Close, so that the fast
	// paths need no test: on that, they fail.
	word  atomic.Pointer[uint32]
	bound uint32
	use
}

// closedSemaphore is what the handles of closed semaphores point to: nothing can be
// acquired, and who releases has to look twice.
var closedSemaphore = layout.SemaphoreWaiters

// semaphoreSpec is what a semaphore object is.
var semaphoreSpec = shm.Spec{Kind: shm.KindSemaphore}

// NewSemaphore makes a Semaphore with n free permits, without a name, on the process's
// default heap. It is freed when the last process that uses it closes it or dies.
// Errors: [ErrCount] for a negative n, [ErrTooMany] for one above [MaxSemaphore], and
// those of shm.Default and Segment.NewObject.
func NewSemaphore(n int) (*Semaphore, error) {
	return madeDefault(func(seg *shm.Segment) (*Semaphore, error) { return NewSemaphoreIn(seg, "", n) })
}

// NewSemaphoreIn makes a Semaphore called name in seg, with n free permits. It stays
// until Segment.RemoveObject. Errors as NewSemaphore, shm.ErrExists among them.
func NewSemaphoreIn(seg *shm.Segment, name string, n int) (*Semaphore, error) {
	return made(new(Semaphore), func(s *Semaphore) error { return s.create(seg, name, n, layout.SemaphoreMost) })
}

// OpenSemaphore opens the Semaphore called name in seg, bounded or not. Errors:
// shm.ErrNotFound, shm.ErrType if name is something else.
func OpenSemaphore(seg *shm.Segment, name string) (*Semaphore, error) {
	o, err := seg.OpenObject(name, semaphoreSpec)
	if err != nil {
		return nil, err
	}
	return made(new(Semaphore), func(s *Semaphore) error { return s.init(o) })
}

// made gives handle if init, which makes it usable, does not fail.
func made[H any](handle *H, init func(*H) error) (*H, error) {
	if err := init(handle); err != nil {
		return nil, err
	}
	return handle, nil
}

// madeDefault makes something on the process's default heap.
func madeDefault[H any](in func(*shm.Segment) (*H, error)) (*H, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return in(seg)
}

func (s *Semaphore) create(seg *shm.Segment, name string, n int, bound uint32) error {
	switch {
	case n < 0:
		return fmt.Errorf("%w: %d permits", ErrCount, n)
	case n > int(bound):
		return fmt.Errorf("%w: %d permits, at most %d", ErrTooMany, n, bound)
	}
	o, err := seg.NewObject(name, semaphoreSpec, func(o *shm.Object) error {
		head := shm.Head[layout.Semaphore](o, 0)
		head.Word, head.Bound = uint32(n), bound
		return nil
	})
	if err != nil {
		return err
	}
	return s.init(o)
}

// init makes s a handle of o, and owner of one use of it.
func (s *Semaphore) init(o *shm.Object) error {
	head := shm.Head[layout.Semaphore](o, 0)
	bound := atomic.LoadUint32(&head.Bound)
	if bound > layout.SemaphoreMost {
		o.Close()
		return &shm.CorruptError{Field: "semaphore.Bound", Value: uint64(bound)}
	}
	s.bound = bound
	s.word.Store(&head.Word)
	begin(&s.use, s, o)
	return nil
}

// Acquire takes a permit, and waits for one as long as it takes. It may be called by
// any process. Errors: [ErrClosed].
//
// In the terminology of the Go memory model, the Release in any process that makes
// a permit free synchronizes before the Acquire that takes it returns.
func (s *Semaphore) Acquire() error {
	if s.take() {
		return nil
	}
	return s.acquireOne()
}

// take is the fast path: a permit if one is free, and nobody else takes it meanwhile.
func (s *Semaphore) take() bool {
	p := s.word.Load()
	w := atomic.LoadUint32(p)
	// sync: permit handed over
	if w&layout.SemaphoreMost == 0 || !atomic.CompareAndSwapUint32(p, w, w-1) {
		return false
	}
	runtime.KeepAlive(s)
	if race.Enabled {
		s.acquired()
	}
	return true
}

// AcquireContext is Acquire that gives up when ctx ends: it then returns the cause of
// ctx, without a permit. A free permit is taken even if ctx has ended.
func (s *Semaphore) AcquireContext(ctx context.Context) error {
	if s.take() {
		return nil
	}
	return s.acquire(ctx, 1)
}

// TryAcquire takes a permit if one is free, and tells whether it did. It does not
// wait. Errors: [ErrClosed].
func (s *Semaphore) TryAcquire() (bool, error) {
	if s.take() {
		return true, nil
	}
	return s.tryAcquire(1)
}

// AcquireN takes n permits, all at one instant, and waits until so many are free. Until
// then it has none. Errors: [ErrCount] if n < 1, [ErrTooMany] if n is above the bound,
// [ErrClosed]. The ReleaseN calls that make them free synchronize as for Acquire.
func (s *Semaphore) AcquireN(n int) error { return s.AcquireNContext(context.Background(), n) }

// AcquireNContext is AcquireN that gives up when ctx ends: it then returns the cause
// of ctx, without any permit.
func (s *Semaphore) AcquireNContext(ctx context.Context, n int) error {
	if err := s.count(n); err != nil {
		return err
	}
	return s.acquire(ctx, uint32(n))
}

// TryAcquireN takes n permits if so many are free, else none, and tells whether it
// did. It does not wait. Errors as AcquireN.
func (s *Semaphore) TryAcquireN(n int) (bool, error) {
	if err := s.count(n); err != nil {
		return false, err
	}
	return s.tryAcquire(uint32(n))
}

// Release gives a permit back, or a new one, and wakes who waits for it. Any process
// may call it. Errors: [ErrTooMany] above the bound, which is [MaxSemaphore] if none
// was given; [ErrClosed]. The count is unchanged then. It synchronizes before the
// Acquire that takes the permit.
func (s *Semaphore) Release() error {
	if race.Enabled {
		s.released()
	}
	p := s.word.Load()
	// sync: permit handed over. This passes the permit to whoever comes first.
	if w := atomic.LoadUint32(p); w < s.bound && atomic.CompareAndSwapUint32(p, w, w+1) {
		runtime.KeepAlive(s)
		return nil
	}
	return s.release(1)
}

// ReleaseN gives n permits at one instant, else none. Errors: [ErrCount] if n < 1,
// else as Release.
func (s *Semaphore) ReleaseN(n int) error {
	if n < 1 {
		return fmt.Errorf("%w: %d permits", ErrCount, n)
	}
	if race.Enabled {
		s.released()
	}
	return s.release(uint32(min(n, MaxSemaphore+1)))
}

// Close ends this handle's use of the semaphore, whose count is unchanged: what this
// process has acquired, others may release. Goroutines that wait through this handle
// get [ErrClosed]; the last of them ends the use. Close must not run beside a call that
// does not wait yet. A second Close gives ErrClosed.
func (s *Semaphore) Close() error {
	p := s.word.Swap(&closedSemaphore)
	return s.end(p)
}
