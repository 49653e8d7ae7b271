package sync

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// CondLock is a lock that a [Cond] can have: a *[Mutex], an *[RWMutex] that is held to
// write, or a *[RecursiveMutex], of which whatever holder of this process has it gives
// all levels back and gets them again. No other type can implement it.
type CondLock interface {
	// condObject is the object of the lock, nil after Close.
	condObject() *shm.Object
	// condHandle opens another handle of the lock.
	condHandle() CondLock
	// condHeld tells whether this process holds the lock so that it may change data.
	condHeld() bool
	// condFree tells whether nobody seems to hold the lock.
	condFree() bool
	// condRelease gives the lock back, however often it is held. A lock that came with
	// ErrOwnerDied and is not consistent goes on with that warning.
	condRelease() (kept condKept, err error)
	// condRetake takes the lock as it was before condRelease. With ErrOwnerDied too it
	// is held.
	condRetake(kept condKept) error
	Handle() (shm.Handle, error)
	Close() error
}

// condKept is what a RecursiveMutex was.
type condKept struct {
	token uint64
	depth uint32
}

// condLocks open the locks that a condition can have, by the kind of their object.
var condLocks = map[uint16]func(o *shm.Object) CondLock{
	shm.KindMutex: func(o *shm.Object) CondLock {
		m := new(Mutex)
		m.init(o)
		return m
	},
	shm.KindRWMutex: func(o *shm.Object) CondLock { return new(RWMutex).init(o) },
	shm.KindRecursiveMutex: func(o *shm.Object) CondLock {
		m := new(RecursiveMutex)
		m.init(o)
		return m
	},
}

// condSpecs are those of their objects.
var condSpecs = map[uint16]shm.Spec{
	shm.KindMutex: mutexSpec, shm.KindRWMutex: shm.RWMutexSpec(), shm.KindRecursiveMutex: recursiveSpec,
}

// condAgain is another handle of the lock in o.
func condAgain(o *shm.Object) CondLock {
	o.Retain()
	return condLocks[o.Spec().Kind](o)
}

func (m *Mutex) condObject() *shm.Object {
	if m.word.Load() == &closedWord {
		return nil
	}
	o, _ := m.obj.(*shm.Object)
	return o
}

func (m *Mutex) condHandle() CondLock { return condAgain(m.condObject()) }

func (m *Mutex) condHeld() bool {
	return atomic.LoadUint32(m.word.Load())&layout.OwnerMask == m.self
}

func (m *Mutex) condFree() bool {
	return atomic.LoadUint32(m.word.Load())&^layout.MutexWaiters == 0
}

// condDied tells whether the holder was told of a death and has not repaired yet.
func (m *Mutex) condDied() bool { return atomic.LoadUint32(m.word.Load())&layout.MutexDied != 0 }

func (m *Mutex) condRelease() (kept condKept, err error) {
	if m.condDied() {
		return kept, m.abandon()
	}
	return kept, m.Unlock()
}

func (m *Mutex) condRetake(condKept) error { return m.Lock() }

func (rw *RWMutex) condObject() *shm.Object { return rw.writer.condObject() }
func (rw *RWMutex) condHandle() CondLock    { return condAgain(rw.condObject()) }
func (rw *RWMutex) condHeld() bool          { return rw.writer.condHeld() }

func (rw *RWMutex) condFree() bool { return rw.writer.condFree() }

func (rw *RWMutex) condRelease() (kept condKept, err error) {
	if rw.writer.condDied() {
		return kept, rw.abandon()
	}
	return kept, rw.Unlock()
}

func (rw *RWMutex) condRetake(condKept) error { return rw.Lock() }

func (m *RecursiveMutex) condObject() *shm.Object { return m.mutex.condObject() }
func (m *RecursiveMutex) condHandle() CondLock    { return condAgain(m.condObject()) }

func (m *RecursiveMutex) condFree() bool { return m.mutex.condFree() }

func (m *RecursiveMutex) condHeld() bool {
	return m.mutex.condHeld() && atomic.LoadUint64(&m.record.Token) != 0
}

func (m *RecursiveMutex) condRelease() (kept condKept, err error) {
	kept = condKept{atomic.LoadUint64(&m.record.Token), atomic.LoadUint32(&m.record.Depth)}
	m.disown()
	_, err = m.mutex.condRelease()
	return kept, err
}

func (m *RecursiveMutex) condRetake(kept condKept) error {
	if _, err := m.mutex.enter(); err != nil {
		return err
	}
	defer m.mutex.leave() // after the token is there: the handle may be closed meanwhile
	err := m.mutex.Lock()
	if err == nil || err == ErrOwnerDied {
		m.own(kept.token)
		atomic.StoreUint32(&m.record.Depth, kept.depth)
	}
	return err
}
