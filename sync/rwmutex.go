package sync

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/shm"
)

// RWMutex is a lock that processes share and that survives the death of its holders:
// either one process has it to write, or any number of goroutines of any processes
// read.
//
// Use [NewRWMutex], [NewRWMutexIn], [OpenRWMutex] or unmarshal one that another
// process sent; the zero value is not usable, and an RWMutex must not be copied. All
// methods but Close may be called concurrently and from several processes.
//
// If a process dies while it reads, nothing happens to the others. If a process dies
// while it writes, the next Lock returns [ErrOwnerDied] with the lock held, as that of
// a [Mutex] does; until somebody has repaired what the lock protects, RLock returns
// [ErrInconsistent], without the lock.
//
// Readers of different processes write no common memory as long as nobody writes. Who
// waits to write keeps new readers out; who waits to read is let in when the present
// writer is done, before the next one. So neither starves. A goroutine that reads must
// not call RLock again: a writer between the two would wait for it for ever.
//
// The phases are those of Björn Brandenburg and James Anderson, "Spin-Based
// Reader-Writer Synchronization for Multiprocessor Real-Time Systems", with a count
// for each process and with the deaths of docs/decisions/0002-sync.md.
type RWMutex struct {
	// place is where the lock is, or nowhere after Close.
	place atomic.Pointer[place]

	writer Mutex // the writers' word, and the use of obj
	obj    sharedObject

	// draining is the word on which the writer sleeps that waits for readers.
	draining atomic.Pointer[uint32]
}

// place is the words of one RWMutex, as one process sees them.
type place struct {
	word  *uint32 // that of the writers
	bell  *uint32
	cell  *uint64 // that of this process, in cells
	cells []uint64
	parts []layout.Reader // cells, as two words each
	local *sync.Mutex     // see handOver
}

// nowhere is the place of closed ones: nobody can take the word.
var nowhere = &place{word: &closedWord, bell: new(uint32), cell: new(uint64), local: new(sync.Mutex)}

// sharedObject is what an RWMutex needs of its *shm.Object.
type sharedObject interface {
	object
	NextUser(slot uint32) (next uint32, ok bool)
	Occupant(slot uint32) uint32
	Readers() []shm.ReaderInfo
}

// NewRWMutex makes an unlocked RWMutex without a name on the process's default heap.
// It is freed when the last process that uses it closes it or dies. It has 16,000
// bytes. Errors: those of shm.Default and Segment.NewObject.
func NewRWMutex() (*RWMutex, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return NewRWMutexIn(seg, "")
}

// NewRWMutexIn makes an unlocked RWMutex called name in seg. It stays until
// Segment.RemoveObject. Errors: those of Segment.NewObject, shm.ErrExists among them.
func NewRWMutexIn(seg *shm.Segment, name string) (*RWMutex, error) {
	o, err := seg.NewObject(name, shm.RWMutexSpec(), nil)
	if err != nil {
		return nil, err
	}
	return new(RWMutex).init(o), nil
}

// OpenRWMutex opens the RWMutex called name in seg. Errors: shm.ErrNotFound,
// shm.ErrType if name is something else.
func OpenRWMutex(seg *shm.Segment, name string) (*RWMutex, error) {
	o, err := seg.OpenObject(name, shm.RWMutexSpec())
	if err != nil {
		return nil, err
	}
	return new(RWMutex).init(o), nil
}

// init makes rw a handle of the lock in o, and owner of one use of o.
func (rw *RWMutex) init(o *shm.Object) *RWMutex {
	rw.obj = o
	rw.writer.init(o)
	cells := shm.Items[uint64](o)
	rw.place.Store(&place{
		word: &o.Mutex().Word, bell: &shm.Head[layout.Bell](o, layout.BellOff).Word,
		cell: &cells[layout.ReaderCell(layout.OwnerSlot(o.Self()))], cells: cells, parts: shm.Items[layout.Reader](o),
		local: o.Local(),
	})
	return rw
}

// RLock takes the lock to read, and waits for it as long as it takes. It may be called
// by any process. Errors, all without the lock: [ErrInconsistent], [ErrNotRecoverable],
// [ErrClosed].
//
// In the terminology of the Go memory model, an Unlock in any process synchronizes
// before an RLock that follows it returns, and an RUnlock before a Lock that follows.
func (rw *RWMutex) RLock() error {
	p := rw.place.Load()
	// sync: reader counted. Before the look at the word, or writer and reader could
	// overlook each other.
	atomic.AddUint64(p.cell, 1)
	if atomic.LoadUint32(p.word) == 0 {
		runtime.KeepAlive(rw)
		if race.Enabled {
			raceAcquire(&rw.writer)
		}
		return nil
	}
	return rw.rlockForever(p)
}

// RLockContext is RLock that gives up when ctx ends: it then returns the cause of ctx, or
// its Err if the cause is an [ErrOwnerDied], without the lock. If nobody writes the lock is taken even if ctx has ended.
func (rw *RWMutex) RLockContext(ctx context.Context) error {
	p := rw.place.Load()
	// sync: reader counted
	atomic.AddUint64(p.cell, 1)
	if atomic.LoadUint32(p.word) == 0 {
		runtime.KeepAlive(rw)
		if race.Enabled {
			raceAcquire(&rw.writer)
		}
		return nil
	}
	return rw.rlockSlow(ctx, p)
}

// TryRLock takes the lock to read if nobody writes or waits for readers to end,
// without waiting. ok tells whether the lock is held now. If a living process has it
// to write, the result is false, nil. Errors as RLock.
func (rw *RWMutex) TryRLock() (ok bool, err error) {
	p := rw.place.Load()
	// sync: reader counted
	atomic.AddUint64(p.cell, 1)
	if atomic.LoadUint32(p.word) == 0 {
		runtime.KeepAlive(rw)
		if race.Enabled {
			raceAcquire(&rw.writer)
		}
		return true, nil
	}
	return rw.tryRLockSlow(p)
}

// RUnlock ends one RLock. Any goroutine of the process that reads may call it. Errors:
// [ErrNotHeld] if the process does not read, and then nothing is changed; [ErrClosed].
func (rw *RWMutex) RUnlock() error {
	if race.Enabled {
		raceReleaseReader(&rw.writer)
	}
	p := rw.place.Load()
	c := atomic.LoadUint64(p.cell)
	// sync: reader counted
	if uint32(c) == 0 || !atomic.CompareAndSwapUint64(p.cell, c, c-1) {
		return rw.runlockSlow()
	}
	if atomic.LoadUint32(p.word) != 0 {
		return rw.left(p)
	}
	runtime.KeepAlive(rw)
	return nil
}

// Lock takes the lock to write, and waits until all have left that read. It may be
// called by any process. Errors: [ErrOwnerDied], and then the lock IS held; without
// the lock: [ErrNotRecoverable], [ErrClosed].
//
// In the terminology of the Go memory model, every Unlock and RUnlock, in any process,
// synchronizes before the Lock that follows it returns.
func (rw *RWMutex) Lock() error { return rw.LockContext(context.Background()) }

// LockContext is Lock that gives up when ctx ends: it then returns the cause of ctx, or
// its Err if the cause is an [ErrOwnerDied], without the lock. A lock that nobody has is taken even if ctx has ended.
func (rw *RWMutex) LockContext(ctx context.Context) error {
	p := rw.place.Load()
	// sync: mutex handed over. Before the look at the readers, see RLock.
	if !atomic.CompareAndSwapUint32(p.word, 0, rw.writer.self) {
		return rw.lockSlow(ctx)
	}
	if rw.reads(p) {
		return rw.lockPast(ctx, p)
	}
	runtime.KeepAlive(rw)
	if race.Enabled {
		raceAcquire(&rw.writer)
		raceAcquireReaders(&rw.writer)
	}
	return nil
}

// TryLock takes the lock to write if nobody has it, or only processes that are known
// to be dead, without waiting. ok tells whether the lock is held now; with ok, err is
// nil or [ErrOwnerDied]. If a living process reads or writes it gives false, nil.
func (rw *RWMutex) TryLock() (ok bool, err error) { return rw.tryLock() }

// Unlock gives the lock back that Lock took, and lets in those who wait to read. Any
// goroutine of the process that holds it may call it. After [ErrOwnerDied] without
// [RWMutex.MarkConsistent] it makes the lock unusable for ever. Errors: [ErrNotHeld],
// [ErrClosed]; the lock is unchanged then.
func (rw *RWMutex) Unlock() error {
	if race.Enabled {
		raceRelease(&rw.writer)
	}
	p := rw.place.Load()
	if !p.passOn(rw.writer.self) {
		return rw.unlockSlow()
	}
	// sync: bell announced
	if atomic.LoadUint32(p.bell)&layout.BellWaiters != 0 {
		return rw.ringLate(p)
	}
	runtime.KeepAlive(rw)
	return nil
}

// MarkConsistent tells that the writer has repaired what the lock protects, after Lock
// returned [ErrOwnerDied]. Only then can Unlock pass the lock on. Errors: [ErrNotHeld],
// [ErrConsistent], [ErrClosed].
func (rw *RWMutex) MarkConsistent() error { return rw.writer.MarkConsistent() }

// Close ends this handle's use of the lock. The lock itself is unchanged, unless this
// was the last handle of the process: what it reads it reads no more, and if it has the
// lock to write that is passed on as if the process had died. Goroutines that wait
// through this handle get [ErrClosed]; the last of them ends the use. Close must not
// run beside a call that does not wait yet. A second Close gives ErrClosed.
func (rw *RWMutex) Close() error {
	p := rw.place.Swap(nowhere)
	if p == nowhere {
		return ErrClosed
	}
	park.Rouse(p.bell)
	if at := rw.draining.Load(); at != nil {
		park.Rouse(at)
	}
	return rw.writer.Close()
}

// enter keeps the object in use for one slow operation, which ends with writer.leave.
func (rw *RWMutex) enter() (*place, error) {
	p := rw.place.Load()
	if p == nowhere {
		return nil, ErrClosed
	}
	_, err := rw.writer.enter()
	return p, err
}
