package sync

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// condLocks open the locks that a condition can have, by the kind of their object.
var condLocks = map[uint16]func(beside *shm.Object, index, generation uint32) (CondLock, error){
	shm.KindMutex: func(beside *shm.Object, index, generation uint32) (CondLock, error) {
		o, err := beside.OpenBeside(index, generation, mutexSpec)
		if err != nil {
			return nil, err
		}
		m := new(Mutex)
		m.init(o)
		return m, nil
	},
}

func (m *Mutex) condObject() *shm.Object {
	if m.word.Load() == &closedWord {
		return nil
	}
	o, _ := m.obj.(*shm.Object)
	return o
}

func (m *Mutex) condHandle() CondLock { return MutexOf(m.condObject(), nil) }

func (m *Mutex) condHeld() bool {
	return atomic.LoadUint32(m.word.Load())&layout.OwnerMask == m.self
}

func (m *Mutex) condRelease() (kept any, err error) {
	if atomic.LoadUint32(m.word.Load())&layout.MutexDied != 0 {
		return nil, m.abandon()
	}
	return nil, m.Unlock()
}

func (m *Mutex) condRetake(any) error { return m.Lock() }
