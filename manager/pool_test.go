package manager_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/pool"
	"shmkit/process"
)

var (
	poolSquare = process.RegisterFunc("manager_test.square", func(_ context.Context, n int) (int, error) { return n * n, nil })
	// poolStay says in a file who runs it, and stays as long as it may.
	poolStay = process.RegisterFunc("manager_test.stay", func(ctx context.Context, name string) (int, error) {
		if err := os.WriteFile(name+".new", fmt.Append(nil, os.Getpid()), 0o600); err != nil {
			return 0, err
		}
		if err := os.Rename(name+".new", name); err != nil {
			return 0, err
		}
		<-ctx.Done()
		select {}
	})
)

// poolAbsent is a function that servers in other processes do not have.
var poolAbsent *process.Func[int, int]

func init() {
	if os.Getenv("SHMKIT_TEST_HELPER") == "" {
		poolAbsent = process.RegisterFunc("manager_test.absent", func(context.Context, int) (int, error) { return 0, nil })
	}
	shmtest.Register("pool-user", func(c *shmtest.Child) {
		client := dialed(c)
		p, err := manager.OpenPool(client, "p")
		c.Must(err)
		if c.Args[2] != "" {
			c.Say("asks")
			_, err := manager.Apply(background, p, poolStay, c.Args[2])
			c.Must(err)
		}
		list, err := manager.Map(background, p, poolSquare, []int{1, 2, 3})
		c.Must(errors.Join(err, differs(fmt.Sprint(list), "[1 4 9]")))
		n, err := manager.Apply(background, p, poolSquare, 5)
		c.Must(errors.Join(err, differs(n, 25)))
		c.Must(p.Shutdown(background, false))
		_, err = manager.Apply(background, p, poolSquare, 5)
		c.Say(errors.Is(err, pool.ErrClosed))
	})
}

// TestPoolElsewhere: another process uses a pool, and ends it.
//
// conformance: MS-08
func TestPoolElsewhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		p, err := manager.NewPool(w.dial(t), 4, manager.Named("p"))
		must(t, err)
		child := w.start(t, "pool-user", "")
		child.Expect("true")
		child.Wait()
		_, err = manager.Map(background, p, poolSquare, []int{1})
		is(t, "Map of a pool that another process has closed", err, pool.ErrClosed)
		must(t, p.Join(background))
	})
}

// workerOf waits until poolStay has said who it is.
func workerOf(name string) (pid int) {
	for {
		if b, err := os.ReadFile(name); err == nil {
			fmt.Sscan(string(b), &pid)
			return pid
		}
		time.Sleep(time.Millisecond)
	}
}

// gone waits until a process is no more.
func gone(pid int) {
	for !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		time.Sleep(time.Millisecond)
	}
}

// TestPoolClientDies: the tasks of a client that is killed, or gives up, are given up, with
// their workers; those of others go on.
func TestPoolClientDies(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		p, err := manager.NewPool(w.dial(t), 2, manager.Named("p"))
		must(t, err)
		dir := t.TempDir()
		mine := manager.ApplyAsync(p, poolStay, filepath.Join(dir, "mine"))
		child := w.start(t, "pool-user", filepath.Join(dir, "theirs"))
		child.Expect("asks")
		theirs := workerOf(filepath.Join(dir, "theirs"))
		child.Kill()
		gone(theirs)
		if mine.Ready() {
			t.Fatal("mine has ended: ", mine.Err())
		}
		n, err := manager.Apply(background, p, poolSquare, 6)
		must(t, errors.Join(err, differs(n, 36)))
		pid := workerOf(filepath.Join(dir, "mine"))
		mine.Cancel()
		_, err = mine.Get(background)
		is(t, "a task that was given up", err, context.Canceled)
		gone(pid)
	})
}

// TestPoolGoes: the workers end with the last handle, and with the server.
func TestPoolGoes(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		s := serve(t, family, "")
		c, err := s.Client(background)
		must(t, err)
		dir := t.TempDir()
		var pids []int
		for _, name := range []string{"one", "two"} {
			p, err := manager.NewPool(c, 1)
			must(t, err)
			r := manager.ApplyAsync(p, poolStay, filepath.Join(dir, name))
			pids = append(pids, workerOf(filepath.Join(dir, name)))
			if name == "one" {
				r.Cancel() // it refers to the pool as long as it runs
				must(t, p.Detach())
				gone(pids[0])
			}
		}
		must(t, s.Shutdown(background))
		gone(pids[1])
		c.Close()
	})
}

// TestPoolUnknown: functions that the server's program does not have, or has otherwise, and
// settings that make no sense.
func TestPoolUnknown(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		_, err := manager.NewPool(c, 1, manager.QueueSize(-1))
		is(t, "QueueSize(-1)", err, pool.ErrOption)
		objects, err := c.Objects(background)
		must(t, errors.Join(err, differs(len(objects), 0)))
		p, err := manager.NewPool(c, 1, manager.TasksPerChild(2), manager.Grace(time.Second))
		must(t, err)
		other, _ := process.Lookup[int, int]("manager_test.stay")
		if _, err := manager.Apply(background, p, other, 1); !errors.Is(err, pool.ErrArgument) {
			t.Errorf("an argument of another type: %v", err)
		}
		_, err = manager.Apply(background, p, poolAbsent, 1)
		is(t, "a function that the server does not have", err, manager.ErrFunction)
		s, err := p.Stats(background)
		must(t, errors.Join(err, differs(len(s.Workers), 1), differs(s.Failed, 1)))
		text, err := p.MarshalText()
		must(t, err)
		var q manager.Pool
		must(t, q.UnmarshalText(text))
		n, err := manager.Apply(background, &q, poolSquare, 7)
		must(t, errors.Join(err, differs(n, 49)))
		if !strings.HasPrefix(p.String(), "Pool") {
			t.Errorf("%v", p)
		}
	})
}
