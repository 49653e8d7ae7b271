package manager_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

// When the server is killed all clients are told, whatever they wait for: no call hangs.
func TestServerKilled(t *testing.T) {
	const clients = 50
	eachWorld(t, func(t *testing.T, w *world) {
		first := w.dial(t)
		m, err := manager.NewMutex(first, manager.Named("m"))
		must(t, err)
		must(t, m.Lock())
		results := make(chan error, 2*clients)
		var done []<-chan struct{}
		var calls []func() error // of each client one; all dial before the first calls
		for i := range clients {
			c := w.dial(t)
			done = append(done, c.Done())
			n, err := manager.OpenMutex(c, "m")
			must(t, err)
			switch i % 3 {
			case 0: // waits for the lock
				calls = append(calls, n.Lock)
			case 1: // waits, with a context
				ctx, cancel := context.WithTimeout(background, time.Hour)
				t.Cleanup(cancel)
				calls = append(calls, func() error { return n.LockContext(ctx) })
			default: // calls all the time
				v, err := manager.NewValue(c, "", manager.Named(fmt.Sprint("v", i)))
				must(t, err)
				calls = append(calls, func() error {
					for {
						if err := v.Store("x"); err != nil {
							return err
						}
					}
				})
			}
		}
		for _, call := range calls {
			go func() { results <- call() }()
		}
		waiting(t, m, 2*clients/3+1)
		killed := time.Now()
		w.server.Kill()
		slowest := time.Duration(0)
		for range clients {
			is(t, "a call when the server was killed", <-results, manager.ErrServerGone)
			slowest = time.Since(killed)
		}
		t.Logf("%d clients are told within %v", clients, slowest)
		for _, d := range done {
			<-d
		}
		t.Logf("Done of all is closed within %v", time.Since(killed))
		is(t, "a later call", m.Unlock(), manager.ErrServerGone)
		is(t, "Err", first.Err(), manager.ErrServerGone)
		must(t, first.Close())
	})
}

// A client that nobody calls tells by Done that the server has gone, and costs nothing once
// somebody calls again.
func TestDone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		idle, closed, never := w.dial(t), w.dial(t), w.dial(t)
		v, err := manager.NewValue(idle, "x")
		must(t, err)
		for range 3 {
			if first := idle.Done(); first != idle.Done() {
				t.Error("there are two channels")
			}
			manager.AwaitLookout(idle) // it receives
			must(t, v.Store("y"))
		}
		select {
		case <-idle.Done():
			t.Error("Done is closed")
		default:
		}
		must(t, closed.Close())
		<-closed.Done()
		manager.AwaitLookout(idle)
		w.server.Kill()
		<-idle.Done()
		is(t, "Err", idle.Err(), manager.ErrServerGone)
		_, err = manager.NewValue(never, "x")
		is(t, "a call of another one", err, manager.ErrServerGone)
	})
}

// Calls, errors, clients that come and go, and those that are refused leave nothing behind in the
// server: neither goroutines nor connections nor alarms.
//
// conformance: MG-04
func TestNothingIsLeft(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		s := serve(t, family, "")
		holder := client(t, s)
		m, err := manager.NewMutex(holder, manager.Named("m"))
		must(t, err)
		must(t, m.Lock())
		before := runtime.NumGoroutine()
		for i := range 20 {
			c, err := s.Client(background)
			must(t, err)
			n, err := manager.OpenMutex(c, "m")
			must(t, err)
			_, err = manager.OpenMutex(c, "no such name")
			is(t, "Open", err, manager.ErrNotFound)
			is(t, "Unlock", n.Unlock(), errNotHeld)
			ctx, cancel := context.WithTimeout(background, time.Millisecond)
			is(t, "Lock", n.LockContext(ctx), context.DeadlineExceeded)
			cancel()
			is(t, "Lock, within an hour", manager.LockWithin(n, time.Hour, time.Millisecond), context.DeadlineExceeded)
			if i%2 == 0 {
				must(t, c.Close())
			} else {
				manager.Cut(c)
			}
			r := greet(t, family, s.Address())
			must(t, r.conn.SendBytes([]byte("what is no frame")))
			r.refusal()
			must(t, r.conn.Close())
		}
		for manager.Clients(s) > 1 || manager.Alarms(s) > 0 || runtime.NumGoroutine() > before {
			time.Sleep(time.Millisecond) // the watchdog waits with us
		}
	})
}

// Shutdown of a server whose clients are in every state leaves no goroutine.
func TestShutdownLeavesNothing(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		warm, err := manager.Serve(family, "", testKey) // what begins with the first one stays
		must(t, err)
		must(t, warm.Shutdown(background))
		before := runtime.NumGoroutine()
		s, err := manager.Serve(family, "", testKey)
		must(t, err)
		for i := range 10 {
			c, err := s.Client(background)
			must(t, err)
			if i%2 == 0 {
				c.Done()
			}
			defer c.Close()
		}
		must(t, s.Shutdown(background))
		for runtime.NumGoroutine() > before {
			time.Sleep(time.Millisecond)
		}
	})
}

func init() { shmtest.OnHang(func() { fmt.Fprintln(os.Stderr, runtime.NumGoroutine(), "goroutines") }) }
