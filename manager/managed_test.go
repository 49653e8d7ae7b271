package manager_test

import (
	"context"
	"encoding"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	shsync "shmkit/sync"
)

// managed are what a child does with an object that its parent made, and then exits.
var managed = map[string]func(c *shmtest.Child, text []byte){
	"event": func(c *shmtest.Child, text []byte) {
		e := opened(c, new(manager.Event), text)
		c.Say(e.IsSet(), e.Wait())
		c.Must(e.Clear())
		ctx, cancel := context.WithTimeout(background, time.Millisecond)
		defer cancel()
		c.Say(e.WaitContext(ctx))
	},
	"mutex": func(c *shmtest.Child, text []byte) { c.Must(opened(c, new(manager.Mutex), text).Lock()) },
	"recursive": func(c *shmtest.Child, text []byte) {
		m, h := opened(c, new(manager.RecursiveMutex), text), shsync.NewHolder()
		c.Must(m.Lock(h))
		c.Must(m.Lock(h))
		c.Must(m.Unlock(h))
		c.Must(m.Unlock(h))
	},
	"semaphore": func(c *shmtest.Child, text []byte) {
		c.Must(opened(c, new(manager.Semaphore), text).Acquire())
		c.Say("acquired")
		c.Hear()
	},
	"bounded": func(c *shmtest.Child, text []byte) {
		c.Must(opened(c, new(manager.BoundedSemaphore), text).Acquire())
		c.Say("acquired")
		c.Hear()
	},
	"cond": func(c *shmtest.Child, text []byte) {
		cond := opened(c, new(manager.Cond), text)
		c.Must(cond.Mutex().Lock())
		c.Must(cond.Notify(1))
		c.Must(cond.Mutex().Unlock())
	},
	"barrier": func(c *shmtest.Child, text []byte) {
		b := opened(c, new(manager.Barrier), text)
		c.Say(b.Parties())
		c.Must(b.Reset())
	},
}

func init() {
	shmtest.Register("managed", func(c *shmtest.Child) { managed[c.Args[0]](c, []byte(c.Args[1])) })
}

// opened is a handle of what text says.
func opened[H encoding.TextUnmarshaler](c *shmtest.Child, h H, text []byte) H {
	c.Must(h.UnmarshalText(text))
	return h
}

// lend starts a child that uses what h is a handle of.
func lend(t *testing.T, what string, h encoding.TextMarshaler) *shmtest.Process {
	t.Helper()
	text, err := h.MarshalText()
	must(t, err)
	return shmtest.Start(t, "managed", what, string(text))
}

// conformance: MS-01
func TestManagedEvent(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		e, err := manager.NewEvent(dial())
		must(t, err)
		must(t, e.Set())
		child := lend(t, "event", e)
		child.Expect("true <nil>")
		child.Expect("context deadline exceeded")
		child.Wait()
		if e.IsSet() {
			t.Error("the event is set, which the child has cleared")
		}
	})
}

// A child that exits with the lock gives it back, and the next holder is told; who does not
// hold it cannot unlock it.
//
// conformance: MS-02
func TestManagedMutex(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		m, err := manager.NewMutex(dial())
		must(t, err)
		lend(t, "mutex", m).Wait()
		is(t, "Unlock by the parent", m.Unlock(), errNotHeld)
		is(t, "Lock after the child", m.Lock(), shsync.ErrOwnerDied)
		must(t, m.MarkConsistent())
		must(t, m.Unlock())
		is(t, "a second Unlock", m.Unlock(), errNotHeld)
	})
}

// conformance: MS-03
func TestManagedRecursiveMutex(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		m, err := manager.NewRecursiveMutex(dial())
		must(t, err)
		lend(t, "recursive", m).Wait()
		ok, err := m.TryLock(shsync.NewHolder())
		must(t, err)
		if !ok {
			t.Error("the lock is held, which the child has given back")
		}
	})
}

// The parent releases what the child has acquired: it does not come back a second time when the
// child exits.
//
// conformance: MS-04
func TestManagedSemaphore(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		s, err := manager.NewSemaphore(dial(), 1)
		must(t, err)
		releases(t, s, lend(t, "semaphore", s))
	})
}

// conformance: MS-05
func TestManagedBoundedSemaphore(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		s, err := manager.NewBoundedSemaphore(dial(), 1)
		must(t, err)
		releases(t, &s.Semaphore, lend(t, "bounded", s))
		is(t, "a Release too many", s.Release(), shsync.ErrTooMany)
	})
}

// releases gives back the one permit, which the child has.
func releases(t *testing.T, s *manager.Semaphore, child *shmtest.Process) {
	t.Helper()
	child.Expect("acquired")
	if n := s.Value(); n != 0 {
		t.Errorf("%d permits are free while the child has the only one", n)
	}
	must(t, s.Release())
	must(t, s.Acquire())
	child.Send("go")
	child.Wait()
	if n := s.Value(); n != 0 {
		t.Errorf("%d permits are free while the parent has the only one", n)
	}
	must(t, s.Release())
	if n := s.Value(); n != 1 {
		t.Errorf("%d permits are free, want 1", n)
	}
}

// conformance: MS-06
func TestManagedCond(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		m, err := manager.NewMutex(dial())
		must(t, err)
		cond, err := manager.NewCond(m)
		must(t, err)
		must(t, m.Lock())
		child := lend(t, "cond", cond)
		must(t, cond.Wait()) // until the child, which gets the lock meanwhile, notifies
		must(t, m.Unlock())
		child.Wait()
		must(t, m.Lock())
	})
}

// conformance: MS-07
func TestManagedBarrier(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		b, err := manager.NewBarrier(dial(), 5)
		must(t, err)
		must(t, b.Abort())
		child := lend(t, "barrier", b)
		child.Expect("5")
		child.Wait()
		if b.Broken() {
			t.Error("the barrier is broken, which the child has reset")
		}
	})
}
