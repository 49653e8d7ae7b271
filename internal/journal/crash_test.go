package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
)

func init() {
	// The server: four goroutines append and flush, and one compacts. Each index that it says
	// was acknowledged.
	shmtest.Register("serve", func(c *shmtest.Child) {
		w := childWriter(c)
		for range 4 {
			go func() {
				for {
					index, err := w.step()
					c.Must(err)
					c.Say(index)
				}
			}()
		}
		for c.Args[1] == "compact" {
			c.Must(w.compact())
		}
		c.Park()
	})
	// A server whose life is the same each time, on one thread.
	shmtest.Register("life", func(c *shmtest.Child) {
		runtime.LockOSThread()
		w := childWriter(c, Sync())
		for range 2 {
			for range 3 {
				index, err := w.step()
				c.Must(err)
				c.Say(index)
			}
			// One record is flushed by Compact alone, and one is behind the snapshot.
			at := w.state.n + 1
			for i := at; i < at+2; i++ {
				index, err := w.log.Append(payload(i))
				c.Must(err)
				c.Must(w.state.apply(index, payload(i)))
			}
			c.Must(w.log.Compact(at, saved(at)))
			c.Say(at)
		}
		c.Must(w.log.Close())
		c.Say("done")
	})
}

func childWriter(c *shmtest.Child, opts ...Option) *writer {
	l, err := Open(c.Args[0], opts...)
	c.Must(err)
	s := &state{}
	c.Must(l.Replay(s.load, s.apply))
	return &writer{log: l, state: s}
}

// A server is killed at random and started again, on the same log. All that it acknowledged is
// there, in order, without a gap, and no more than it had appended.
func TestKilledAtRandom(t *testing.T) {
	shmtest.Need("serve")
	for _, mode := range []string{"append", "compact"} {
		t.Run(mode, func(t *testing.T) {
			shmtest.Watchdog(t, 5*time.Minute)
			kills, cut, extra := 200, 0, uint64(0)
			if testing.Short() {
				kills = 20
			}
			path, acked := "", uint64(0)
			for i := range kills {
				if i%25 == 0 {
					path, acked = logPath(t), 0
				}
				p := shmtest.Start(t, "serve", path, mode)
				acked = max(acked, killAtRandom(t, p))
				torn, n := survived(t, path, acked)
				cut += torn
				extra += n - acked
				acked = n // replayed now, so it must be there from now on
			}
			t.Logf("%d kills: %d times a record was cut off, %d records were there that nobody was told of", kills, cut, extra)
		})
	}
}

// killAtRandom kills the server after some of its answers, or before the first, and tells the
// highest of all.
func killAtRandom(t *testing.T, p *shmtest.Process) (acked uint64) {
	t.Helper()
	for range rand.IntN(150) {
		acked = max(acked, number(t, p.Line()))
	}
	for range rand.IntN(1 << 20) { // to kill between two answers, not after one
	}
	p.Signal(syscall.SIGKILL)
	for {
		line, ok := p.Next()
		if !ok {
			break
		}
		acked = max(acked, number(t, line))
	}
	p.Kill()
	return acked
}

func number(t *testing.T, line string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(line, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// survived checks the log of a server that was killed. It can be opened at once.
func survived(t *testing.T, path string, acked uint64) (torn int, n uint64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	l, s := open(t, path)
	if s.n < acked {
		t.Fatalf("%d records are there, and %d were acknowledged", s.n, acked)
	}
	if info != nil && info.Size() > l.end {
		torn = 1
	}
	if _, err := os.Stat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the file of a Compact that was killed is left: %v", err)
	}
	closeLog(t, l)
	return torn, s.n
}

// calls are the system calls that others can notice, and those that say what was acknowledged.
// strace counts each of them by itself.
var calls = []string{"pwrite64", "write", "fsync", "ftruncate", "rename", "renameat", "renameat2", "unlink", "unlinkat", "fcntl", "openat", "close"}

// A server is killed before each of its system calls in turn, in Open, Replay, Flush, Compact and
// Close. Between two of them nothing changes that outlives it.
func TestKilledAtEveryCall(t *testing.T) {
	shmtest.Need("life")
	strace, err := exec.LookPath("strace")
	if err == nil {
		err = exec.Command(strace, "-qq", "-o", "/dev/null", strace, "-V").Run()
	}
	if err != nil {
		t.Skip("skipped: strace does not run here:", err)
	}
	shmtest.Watchdog(t, 5*time.Minute)
	path, acked, step := logPath(t), uint64(0), 1
	if testing.Short() {
		step = 5
	}
	for _, call := range calls {
		kills := 0
		for done := false; !done; kills++ {
			tearOff(t, path)
			p := shmtest.StartWith(t, func(cmd *exec.Cmd) {
				trace := []string{strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=?" + call,
					"-e", fmt.Sprintf("inject=?%s:signal=KILL:when=%d", call, 1+kills*step)}
				cmd.Path, cmd.Args = strace, append(trace, append([]string{cmd.Path}, cmd.Args[1:]...)...)
			}, "life", path)
			for line, ok := p.Next(); ok; line, ok = p.Next() {
				if done = line == "done"; !done {
					acked = max(acked, number(t, line))
				}
			}
			p.Kill()
			_, acked = survived(t, path, acked)
		}
		t.Logf("%s: killed before each of %d", call, kills-1)
	}
	if acked == 0 {
		t.Error("nothing was acknowledged")
	}
}

// tearOff puts what looks like a record that was cut off at the end of a log, if there is one.
func tearOff(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		_, err = f.Write(make([]byte, 100))
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
