package shm

import (
	"slices"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/sys"
)

// exiting tells that this process is about to end, with its segments open.
var exiting atomic.Bool

// Whoever is not the last one looks again, after pauses that grow from firstPause to
// lastPause, a third of a second in all: the kernel may just be killing the others. If none
// but dead ones are there, whose bytes are held by what is left of them, or by somebody who
// sweeps them, it goes on for mostLooks: they may be waiting for a processor, and nobody
// comes after them.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = 160 * time.Millisecond
	mostLooks  = 60
)

// BeforeExit is for a process that ends as soon as it has returned, by a signal or by
// os.Exit, whatever its goroutines are doing: it removes the files of those anonymous
// segments that no other process uses, or only such as have called it too; of several that
// end at once the last one does. Who is killed without it leaves them to the next [Sweep].
//
// What this process has in the segments stays as it is, for the kernel and the other
// processes to deal with when it is gone; until then its goroutines may go on. A segment
// that has no file yet gets none any more.
func BeforeExit() {
	exiting.Store(true)
	list := anonymousCores()
	for _, c := range list {
		c.farewell()
	}
	look(func() (over, remains bool) {
		return removeLast(list), slices.ContainsFunc(list, func(c *core) bool { return c.hasRemains() })
	})
}

// look calls try until it is over: for a third of a second, and longer while there are
// remains of dead processes.
func look(try func() (over, remains bool)) {
	pause := firstPause
	for range mostLooks {
		over, remains := try()
		if over || pause > lastPause && !remains {
			return
		}
		time.Sleep(min(pause, lastPause))
		pause *= 2
	}
}

// hasRemains tells whether others have locks in the way of removeLast, and all of them are
// on the bytes of dead processes.
func (v *view) hasRemains() (yes bool) {
	for slot := range uint32(layout.MaxSlots) {
		p := v.participant(slot)
		if atomic.LoadUint32(&p.State) == layout.SlotFree || !sys.Excludes(v.fd, layout.LockSlots+int64(slot), 1) {
			continue
		}
		if !announced(atomic.LoadUint32(&p.Death)) {
			return false
		}
		yes = true
	}
	return yes
}

// anonymousCores are the attachments to anonymous segments that have a file. A reference to
// each is taken and never given back: with its descriptor its locks would go.
func anonymousCores() (list []*core) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	for _, c := range registry.cores {
		if c.header.Kind == layout.KindAnonymous && c.enter() == nil {
			list = append(list, c)
		}
	}
	return list
}

// farewell turns the lock on the byte of our slot into a shared one. To all who look whether
// we live it is as good; but whoever takes a shared lock on all the bytes sees by it that
// we do not need the file any more.
func (c *core) farewell() {
	c.linkMu.Lock() // whoever makes the file gets done
	defer c.linkMu.Unlock()
	// sync: last one out
	sys.TryShare(c.fd, layout.LockSlots+int64(c.slot), 1)
}

// removeLast removes the files that only such processes use as have said farewell. The
// kernel puts the farewells in an order, so the last one sees all others. It tells whether
// there are no files that others use.
func removeLast(list []*core) bool {
	alone := true
	for _, c := range list {
		// sync: last one out
		if ok, err := sys.TryShare(c.fd, layout.LockSlots, layout.MaxSlots); !ok || err != nil {
			alone = false
			continue
		}
		// The lock is kept, so that nobody attaches any more. Others may be here too.
		c.view.unlinkOwn()
		atomic.StoreUint32(&c.header.State, layout.StateDestroyed)
	}
	return alone
}
