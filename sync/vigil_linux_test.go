package sync_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() { shmtest.Register("watched", beWatched) }

// vigilScene is a call that waits, with the death of another process among what it
// watches.
type vigilScene struct {
	name string
	make func(seg *shm.Segment) (handle closer, object *shm.Object, err error)
	be   func(c *shmtest.Child, seg *shm.Segment) // what the other process does, which may wait
	is   func(o *shm.Object) bool                 // it has done so
	wait func(handle closer) error                // the call
	end  func(o *shm.Object)                      // ends it, by one who is killed before the wake-up
}

// handleAnd is the handle of an object that was made as it, and the object itself.
func handleAnd(seg *shm.Segment, spec shm.Spec, handle closer, err error) (closer, *shm.Object, error) {
	if err != nil {
		return nil, nil, err
	}
	o, err := seg.OpenObject("it", spec)
	return handle, o, err
}

var vigilScenes = []vigilScene{{
	name: "Permits",
	make: func(seg *shm.Segment) (closer, *shm.Object, error) {
		p, err := shsync.NewPermitsIn(seg, "it", 1)
		return handleAnd(seg, shsync.Specs["Permits"], p, err)
	},
	be: func(c *shmtest.Child, seg *shm.Segment) {
		p, err := shsync.OpenPermits(seg, "it")
		c.Must(err)
		c.Must(p.Acquire())
	},
	is:   func(o *shm.Object) bool { return atomic.LoadUint32(&shm.Items[uint32](o)[0]) != 0 },
	wait: func(h closer) error { return h.(*shsync.Permits).Acquire() },
	end:  func(o *shm.Object) { atomic.StoreUint32(&shm.Items[uint32](o)[0], 0) },
}, {
	name: "WaitGroup",
	make: func(seg *shm.Segment) (closer, *shm.Object, error) {
		g, err := shsync.NewWaitGroupIn(seg, "it")
		if err == nil {
			err = g.Add(2)
		}
		return handleAnd(seg, shsync.Specs["WaitGroup"], g, err)
	},
	be: func(c *shmtest.Child, seg *shm.Segment) {
		g, err := shsync.OpenWaitGroup(seg, "it")
		c.Must(err)
		c.Must(g.Begin())
		c.Must(g.Done())
	},
	is: func(o *shm.Object) bool {
		return uint32(atomic.LoadUint64(&shm.Head[layout.WaitGroup](o, 0).Word)) == 1
	},
	wait: func(h closer) error { return h.(*shsync.WaitGroup).Wait() },
	end:  func(o *shm.Object) { atomic.AddUint64(&shm.Head[layout.WaitGroup](o, 0).Word, ^uint64(0)) },
}, {
	name: "Barrier",
	make: func(seg *shm.Segment) (closer, *shm.Object, error) {
		b, err := shsync.NewBarrierIn(seg, "it", 3)
		return handleAnd(seg, shsync.Specs["Barrier"], b, err)
	},
	be: func(c *shmtest.Child, seg *shm.Segment) {
		b, err := shsync.OpenBarrier(seg, "it")
		c.Must(err)
		b.Wait()
	},
	is: func(o *shm.Object) bool {
		return layout.BarrierArrived(atomic.LoadUint64(&shm.Head[layout.Barrier](o, 0).Word)) == 1
	},
	wait: func(h closer) error { _, err := h.(*shsync.Barrier).Wait(); return err },
	end: func(o *shm.Object) {
		atomic.StoreUint64(&shm.Head[layout.Barrier](o, 0).Word, layout.BarrierWord(1, layout.BarrierFilling, 0, 0))
	},
}, {
	name: "Cond",
	make: func(seg *shm.Segment) (closer, *shm.Object, error) {
		m, err := shsync.NewMutexIn(seg, "lock")
		if err != nil {
			return nil, nil, err
		}
		c, err := shsync.NewCondIn(seg, "it", m)
		return handleAnd(seg, shsync.Specs["Cond"], c, err)
	},
	be: func(c *shmtest.Child, seg *shm.Segment) {
		cond, err := shsync.OpenCond(seg, "it")
		c.Must(err)
		c.Must(cond.Mutex().Lock())
		cond.Wait()
	},
	is: func(o *shm.Object) bool { return shm.Items[uint64](o)[0]&layout.CondStateMask == layout.CondAsleep },
	wait: func(h closer) error {
		m := h.(*shsync.Cond).Mutex()
		if err := m.Lock(); err != nil {
			return err
		}
		defer m.Unlock()
		return h.(*shsync.Cond).Wait()
	},
	end: func(o *shm.Object) {
		atomic.StoreUint64(&shm.Items[uint64](o)[1], layout.CondCell(layout.CondNotified, o.Self(), 2))
	},
}}

// beWatched is the other process of a scene.
func beWatched(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	for _, s := range vigilScenes {
		if s.name == c.Args[1] {
			s.be(c, seg)
		}
	}
	c.Hear() // until it is killed
}

// The kernel wakes one sleeper of a death word. If that one has got what it waits for
// meanwhile, others who sleep there hear of the death all the same.
func TestDeathIsPassedOn(t *testing.T) {
	for _, s := range vigilScenes {
		t.Run(s.name, func(t *testing.T) {
			watchdog(t)
			path := filepath.Join(t.TempDir(), "seg")
			seg, err := shm.Create(path)
			must(t, err)
			defer seg.Close()
			handle, o, err := s.make(seg)
			must(t, err)
			defer handle.Close()
			defer o.Close()
			p := shmtest.Start(t, "watched", path, s.name)
			for !s.is(o) {
				time.Sleep(100 * time.Microsecond)
			}
			death, living, ok := o.DeathWord(o.Occupant(1))
			if !ok {
				t.Fatal("no death word")
			}
			slept, ended := atomic.LoadUint64(&o.Stats().Sleeps), make(chan error)
			go func() { ended <- s.wait(handle) }()
			for atomic.LoadUint64(&o.Stats().Sleeps) == slept {
				time.Sleep(100 * time.Microsecond)
			}
			other := shmtest.Sleep(t, death, living, 1)
			s.end(o)
			// What the kernel does.
			atomic.StoreUint32(death, layout.DeathDied|layout.DeathWaiters)
			sys.FutexWake(death, 1)
			must(t, <-ended)
			if n := other.Left(); n != 0 {
				t.Error("somebody still sleeps on the death word")
			}
			p.Kill()
		})
	}
}
