package manager_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

// full makes the tests that kill kill as often as it takes to believe them.
var full = flag.Bool("full", false, "kill 200 servers and 1,000 clients per test")

func init() {
	// Args: family, address, log, bytes after which it is compacted, grace, point to be killed
	// at, after how many times.
	shmtest.Register("durable", func(c *shmtest.Child) {
		compact, err := strconv.ParseInt(c.Args[3], 10, 64)
		c.Must(err)
		setups := []manager.Setup{testKey, manager.WithLog(c.Args[2], manager.LogCompact(compact))}
		if c.Args[4] != "" {
			d, err := time.ParseDuration(c.Args[4])
			c.Must(err)
			setups = append(setups, manager.WithGrace(d))
		}
		if c.Args[5] != "" {
			left, err := strconv.ParseInt(c.Args[6], 10, 64)
			c.Must(err)
			var n atomic.Int64
			manager.Hook(func(point string) {
				if point == c.Args[5] && n.Add(1) == left {
					syscall.Kill(os.Getpid(), syscall.SIGKILL)
				}
			})
		}
		s, err := manager.Serve(c.Args[0], c.Args[1], setups...)
		c.Must(err)
		c.Say(s.Address())
		for c.Hear() == "shutdown" {
			c.Must(s.Shutdown(background))
			c.Say("over")
		}
	})
}

// A durable is a server with a log that is killed and started again at the same address.
type durable struct {
	world
	t       testing.TB
	log     string
	compact int
	grace   string
}

// newDurable starts a server with a log.
func newDurable(t testing.TB, family string, compact int, grace string) *durable {
	d := &durable{world: world{family: family}, t: t, compact: compact, grace: grace}
	d.log = filepath.Join(t.TempDir(), "log")
	d.start("", 0)
	return d
}

// start starts the server, which kills itself when it is at a point the n-th time, or not.
func (d *durable) start(point string, n int) {
	d.t.Helper()
	d.server = shmtest.Start(d.t, "durable", d.family, d.address, d.log, fmt.Sprint(d.compact), d.grace, point, fmt.Sprint(n))
	if address, ok := d.server.Next(); ok {
		d.address = address
	}
}

// restart kills the server and starts another one.
func (d *durable) restart() {
	d.t.Helper()
	d.server.Kill()
	d.start("", 0)
}

// ended waits until the server has killed itself.
func (d *durable) ended() {
	for ok := true; ok; _, ok = d.server.Next() {
	}
	d.server.Kill()
}

// retrying is a client that connects again by itself.
func (d *durable) retrying(setups ...manager.Setup) *manager.Client {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(background, time.Minute)
	defer cancel()
	c, err := manager.Dial(ctx, d.family, d.address, append([]manager.Setup{testKey, manager.WithRetry(time.Minute)}, setups...)...)
	must(d.t, err)
	d.t.Cleanup(func() { c.Close() })
	return c
}
