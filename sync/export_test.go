package sync

import (
	"context"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/shm"
)

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

// LetPass is whether a call of Lock that finds the lock of m free leaves it to who is
// hungry: at first, and when it was woken after d.
func LetPass(m *layout.Mutex, d time.Duration) (first, then bool) {
	var h hunger
	first = h.letPass(context.Background(), new(park.Round), m)
	time.Sleep(d)
	return first, h.letPass(context.Background(), &park.Round{Slept: true}, m)
}

// UnlockAll and Restore are what a Cond does around its sleep.
func (m *RecursiveMutex) UnlockAll(h Holder) (depth uint32, err error) { return m.unlockAll(h) }

// Restore: see UnlockAll.
func (m *RecursiveMutex) Restore(ctx context.Context, h Holder, depth uint32) error {
	return m.restore(ctx, h, depth)
}

// SetDepth lets tests start near the end.
func (m *RecursiveMutex) SetDepth(depth uint32) { m.record.Depth = depth }

// Specs are what the objects of each kind are, by the name of the kind.
var Specs = map[string]shm.Spec{
	"Mutex": mutexSpec, "RWMutex": shm.RWMutexSpec(), "RecursiveMutex": recursiveSpec, "Once": onceSpec,
	"WaitGroup": workSpec, "Semaphore": semaphoreSpec, "BoundedSemaphore": semaphoreSpec, "Permits": permitsSpec,
	"Cond": condSpec(0), "Event": eventSpec, "Barrier": barrierSpec(),
}
