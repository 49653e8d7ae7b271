package manager_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	shsync "shmkit/sync"
)

func eachDurable(t *testing.T, grace string, f func(t *testing.T, d *durable)) {
	t.Helper()
	for _, family := range families {
		t.Run(family, func(t *testing.T) {
			shmtest.Watchdog(t, 2*time.Minute)
			f(t, newDurable(t, family, 64<<20, grace))
		})
	}
}

// What is held stays held over a restart: the holder gives it back, and who waits gets it. A
// client that does not come back gives all back when its time is over, and the next one is told.
func TestLockOverRestart(t *testing.T) {
	eachDurable(t, "1s", func(t *testing.T, d *durable) {
		holder, waiter := d.retrying(), d.retrying()
		m, err := manager.NewMutex(holder, manager.Named("m"))
		must(t, err)
		gone, err := manager.OpenMutex(d.retrying(manager.WithRetry(0)), "m")
		must(t, err)
		n, err := manager.OpenMutex(waiter, "m")
		must(t, err)
		must(t, m.Lock())
		locked := make(chan error)
		go func() { locked <- n.Lock() }()
		waiting(t, m, 1)
		d.restart()
		i, err := m.Info()
		must(t, err)
		if !i.Mine || i.Waiting != 1 {
			t.Errorf("after the restart the lock is %v", i)
		}
		must(t, m.Unlock())
		must(t, <-locked)
		must(t, n.Unlock())

		is(t, "Unlock by a client that was not told to retry", gone.Unlock(), manager.ErrServerGone)
		gone, err = manager.OpenMutex(d.retrying(manager.WithRetry(0)), "m")
		must(t, err)
		must(t, gone.Lock())
		go func() { locked <- n.Lock() }()
		waiting(t, m, 1)
		d.restart()
		is(t, "Lock after a holder that does not come back", <-locked, shsync.ErrOwnerDied)
		must(t, n.MarkConsistent())
		must(t, n.Unlock())
	})
}

// Reconnect goes on with a session that is there: handles are good, what is held is held, and
// what calls got that had given ErrServerGone is given back.
func TestReconnect(t *testing.T) {
	eachDurable(t, "1m", func(t *testing.T, d *durable) {
		c, other := d.retrying(manager.WithRetry(0)), d.retrying()
		must(t, c.Reconnect(background)) // it is connected
		m, err := manager.NewMutex(c, manager.Named("m"))
		must(t, err)
		v, err := manager.NewValue(c, 1)
		must(t, err)
		held, err := manager.NewMutex(other, manager.Named("held"))
		must(t, err)
		h, err := manager.OpenMutex(c, "held")
		must(t, err)
		must(t, held.Lock())
		must(t, m.Lock())
		locked := make(chan error)
		go func() { locked <- h.Lock() }()
		waiting(t, held, 1)
		done := c.Done()
		manager.Cut(c)
		is(t, "Lock when the connection is cut", <-locked, manager.ErrServerGone)
		<-done
		_, err = v.Load()
		is(t, "a call after that", err, manager.ErrServerGone)
		must(t, held.Unlock()) // now c has it, and does not know
		waiting(t, held, 0)
		d.restart()
		if got, err := v.Load(); !errors.Is(err, manager.ErrServerGone) {
			t.Errorf("Load before Reconnect: %v, %v", got, err)
		}
		results := make(chan error)
		for range 4 {
			go func() { results <- c.Reconnect(background) }()
		}
		for range 4 {
			must(t, <-results)
		}
		select {
		case <-c.Done():
			t.Error("Done is closed after Reconnect")
		default:
		}
		must(t, held.Lock())
		must(t, held.Unlock())
		must(t, m.Unlock())
		if got, err := v.Load(); got != 1 || err != nil {
			t.Errorf("Load after Reconnect: %v, %v", got, err)
		}
		must(t, c.Close())
		is(t, "Reconnect after Close", c.Reconnect(background), manager.ErrClosed)
	})
}

// Where the session is not there a new one begins, and handles of the old one say so.
func TestReconnectAnew(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.dial(t)
		m, err := manager.NewMutex(c, manager.Named("m"))
		must(t, err)
		must(t, m.Lock())
		w.server.Kill()
		is(t, "Unlock", m.Unlock(), manager.ErrServerGone)
		if err := c.Reconnect(background); err == nil {
			t.Error("Reconnect without a server gives no error")
		}
		w.server = shmtest.Start(t, "server-at", w.family, w.address)
		w.server.Expect(w.address)
		must(t, c.Reconnect(background))
		is(t, "Unlock by an old handle", m.Unlock(), manager.ErrSession)
		must(t, m.Close())
		_, err = manager.OpenMutex(c, "m")
		is(t, "Open", err, manager.ErrNotFound)
		m, err = manager.NewMutex(c, manager.Named("m"))
		must(t, err)
		must(t, m.Lock())
		must(t, m.Unlock())

		// One that retries does not go on as if nothing had been.
		r, err := manager.Dial(background, w.family, w.address, testKey, manager.WithRetry(time.Minute))
		must(t, err)
		t.Cleanup(func() { r.Close() })
		n, err := manager.OpenMutex(r, "m")
		must(t, err)
		must(t, m.Lock())
		locked := make(chan error)
		go func() { locked <- n.Lock() }()
		waiting(t, m, 1)
		w.server.Kill()
		w.server = shmtest.Start(t, "server-at", w.family, w.address)
		w.server.Expect(w.address)
		is(t, "Lock at a server without a log that was killed", <-locked, manager.ErrSession)
		must(t, r.Reconnect(background))
		must(t, r.Close())
	})
}

func init() {
	shmtest.Register("server-at", func(c *shmtest.Child) {
		s, err := manager.Serve(c.Args[0], c.Args[1], testKey)
		c.Must(err)
		c.Say(s.Address())
		c.Park()
	})
}

// A connection that is cut while the server lives is no loss within the time of Grace.
func TestGrace(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		s, err := manager.Serve(family, "", testKey, manager.WithGrace(time.Minute))
		must(t, err)
		t.Cleanup(func() { s.Shutdown(background) })
		c, err := manager.Dial(background, family, s.Address(), testKey, manager.WithRetry(time.Minute))
		must(t, err)
		t.Cleanup(func() { c.Close() })
		m, err := manager.NewMutex(c)
		must(t, err)
		for range 50 {
			must(t, m.Lock())
			manager.Cut(c)
			must(t, m.Unlock())
		}
		must(t, c.Close())
		for manager.Sessions(s) > 0 {
			time.Sleep(time.Millisecond) // a client that closes has no grace
		}
	})
}

// Calls whose context ends while there is no server end; what is told meanwhile is told later.
func TestCallsWithoutServer(t *testing.T) {
	eachDurable(t, "1m", func(t *testing.T, d *durable) {
		c := d.retrying(manager.WithUnknown(time.Millisecond))
		m, err := manager.NewMutex(c, manager.Named("m"))
		must(t, err)
		var old []*manager.Value[int]
		for range 600 {
			v, err := manager.NewValue(c, 0)
			must(t, err)
			old = append(old, v)
		}
		before := objects(t, c)
		for _, v := range old[:300] {
			must(t, v.Close())
		}
		d.server.Kill()
		for _, v := range old[300:] {
			must(t, v.Close())
		}
		for range 3 {
			ctx, cancel := context.WithTimeout(background, 5*time.Millisecond)
			is(t, "Lock without a server", m.LockContext(ctx), context.DeadlineExceeded)
			cancel()
		}
		d.start("", 0)
		must(t, m.Lock())
		must(t, m.Unlock())
		if n := objects(t, c); n != before-600 {
			t.Errorf("%d objects, want %d", n, before-600)
		}
		if n := manager.Unsure(c); n > 0 {
			t.Errorf("%d tells are kept after an answer", n)
		}
	})
}
