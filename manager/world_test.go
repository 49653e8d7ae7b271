package manager_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

// families are those over which every test of a proxy runs.
var families = []string{"shm", "unix", "tcp"}

func init() {
	shmtest.Register("server", func(c *shmtest.Child) {
		s, err := manager.Serve(c.Args[0], "", testKey, manager.WithStallTimeout(time.Second))
		c.Must(err)
		c.Say(s.Address())
		for {
			switch c.Hear() {
			case "clients":
				c.Say(manager.Clients(s))
			case "collect":
				runtime.GC()
				debug.FreeOSMemory()
				c.Say(runtime.NumGoroutine())
			case "shutdown":
				c.Must(s.Shutdown(background))
				c.Say("over")
			}
		}
	})
}

// A world is a server in a process of its own, and where it is.
type world struct {
	family, address string
	server          *shmtest.Process
}

// newWorld starts a server, which ends with the test.
func newWorld(t testing.TB, family string) *world {
	w := &world{family: family, server: shmtest.Start(t, "server", family)}
	w.address = w.server.Line()
	return w
}

// dial makes a client, which is closed at the end of the test.
func (w *world) dial(t testing.TB) *manager.Client {
	c, err := dialAt(w.family, w.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// start starts a helper that finds the server by dialed; args are its Args from 2 on.
func (w *world) start(t testing.TB, helper string, args ...string) *shmtest.Process {
	return shmtest.Start(t, helper, append([]string{w.family, w.address}, args...)...)
}

// dialed is a client, in a helper that a world started.
func dialed(c *shmtest.Child) *manager.Client {
	client, err := dialAt(c.Args[0], c.Args[1])
	c.Must(err)
	return client
}

func dialAt(family, address string) (*manager.Client, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return manager.Dial(ctx, family, address, testKey)
}

// eachWorld runs f over each family, with a server of its own.
func eachWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	for _, family := range families {
		t.Run(family, func(t *testing.T) {
			shmtest.Watchdog(t, 2*time.Minute)
			f(t, newWorld(t, family))
		})
	}
}

// eachFamily is eachWorld for who needs only clients.
func eachFamily(t *testing.T, f func(t *testing.T, dial func() *manager.Client)) {
	t.Helper()
	eachWorld(t, func(t *testing.T, w *world) {
		f(t, func() *manager.Client {
			t.Helper()
			return w.dial(t)
		})
	})
}

// memory is how much the server has, in KiB, after it has given back what it can.
func (w *world) memory(t testing.TB) int {
	t.Helper()
	w.server.Send("collect")
	w.server.Line()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.server.PID()))
	must(t, err)
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	n := 0
	fmt.Sscan(rest, &n)
	return n
}

// quiet returns when the server has no more than n connections.
func (w *world) quiet(t testing.TB, n int) {
	t.Helper()
	for {
		w.server.Send("clients")
		var now int
		fmt.Sscan(w.server.Line(), &now)
		if now <= n {
			return
		}
		time.Sleep(time.Millisecond) // the watchdog waits with us
	}
}
