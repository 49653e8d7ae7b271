package manager_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/pipe"
)

// serve makes a server in this process, which is shut down at the end of the test.
func serve(t testing.TB, family, address string, setups ...manager.Setup) *manager.Server {
	t.Helper()
	s, err := manager.Serve(family, address, append([]manager.Setup{testKey}, setups...)...)
	must(t, err)
	t.Cleanup(func() { s.Shutdown(background) })
	return s
}

// client is a client of a server in this process.
func client(t testing.TB, s *manager.Server) *manager.Client {
	t.Helper()
	c, err := s.Client(background)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// eachServer runs f over each family.
func eachServer(t *testing.T, f func(t *testing.T, family string)) {
	for _, family := range families {
		t.Run(family, func(t *testing.T) {
			shmtest.Watchdog(t, 2*time.Minute)
			f(t, family)
		})
	}
}

// waiting returns when n calls wait for m.
func waiting(t testing.TB, m *manager.Mutex, n int) {
	t.Helper()
	for {
		if got, err := manager.MutexWaiting(m); err != nil || got == n {
			must(t, err)
			return
		}
	}
}

// Shutdown ends calls that wait, in all clients, and the address can be used again at once.
func TestShutdown(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		s := serve(t, family, "")
		a, b := client(t, s), client(t, s)
		m, err := manager.NewMutex(a, manager.Named("m"))
		must(t, err)
		must(t, m.Lock())
		n, err := manager.OpenMutex(b, "m")
		must(t, err)
		results := make(chan error)
		for range 3 {
			go func() { results <- n.Lock() }()
		}
		waiting(t, m, 3)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if err := s.Shutdown(background); err != nil {
					t.Errorf("Shutdown: %v", err)
				}
			})
		}
		for range 3 {
			is(t, "Lock that waited", <-results, manager.ErrServerGone)
		}
		group.Wait()
		is(t, "a later call", m.Unlock(), manager.ErrServerGone)
		_, err = manager.Dial(background, family, s.Address(), testKey)
		if err == nil {
			t.Error("a client came in after Shutdown")
		}
		again := serve(t, family, s.Address())
		if _, err := manager.NewValue(client(t, again), 1); err != nil {
			t.Errorf("at the same address: %v", err)
		}
	})
}

// A client that does not read its farewell does not keep Shutdown; one whose context ends
// does not keep the server.
func TestShutdownCuts(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		w := newWorld(t, family) // its process says when Shutdown has ended
		greet(t, w.family, w.address)
		w.server.Send("shutdown")
		w.server.Expect("over")
	})
	s := serve(t, "unix", "")
	client(t, s)
	ctx, cancel := context.WithCancelCause(background)
	cancel(errInit)
	if err := s.Shutdown(ctx); err != nil && !errors.Is(err, errInit) {
		t.Errorf("Shutdown with a context that has ended: %v", err)
	}
	must(t, s.Wait(background))
}

// Two servers cannot have one address.
func TestServeInUse(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		s := serve(t, family, "")
		_, err := manager.Serve(family, s.Address(), testKey)
		is(t, "a second server at the address", err, pipe.ErrInUse)
	})
}
