package sync

import "shmkit/internal/layout"

// Relay is what one call of Lock does when it learns of the death of each of
// owners, one after the other.
func (m *Mutex) Relay(owners ...uint32) {
	l := locking{m: m}
	for _, o := range owners {
		l.relay(o)
	}
}

// DeathWord is the futex word that tells of the death of owner.
func (m *Mutex) DeathWord(owner uint32) (addr *uint32, val uint32, ok bool) {
	return m.obj.DeathWord(owner)
}

// Object lets tests make an object of their own.
type Object = object

// MutexIn is the process self's handle of the lock of o, which need not be in a
// segment.
func MutexIn(o Object, lock *layout.Mutex, self uint32) *Mutex {
	m := &Mutex{self: self, obj: o}
	m.users.Store(1)
	m.word.Store(&lock.Word)
	return m
}

// PermitsSpec is what a permits object is.
var PermitsSpec = permitsSpec
