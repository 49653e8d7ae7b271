package shm_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/shm"
)

func init() { shmtest.Register("exit", exitWithSegments) }

// exitWithSegments opens objects by their handles, and is killed with them open when it is
// told so, or killed at once if it hears "crash".
func exitWithSegments(c *shmtest.Child) {
	for _, text := range c.Args {
		var h shm.Handle
		c.Must(h.UnmarshalText([]byte(text)))
		_, err := shm.OpenHandle(h, bytesSpec(0))
		c.Must(err)
	}
	own, err := shm.Default()
	c.Must(err)
	o, err := own.NewObject("", bytesSpec(1), nil)
	c.Must(err)
	c.Say("open")
	if c.Hear() != "crash" {
		shm.BeforeExit()
		if _, err := o.Handle(); err == nil {
			c.Say("it made a file")
		}
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// The last of many that are killed at once removes the files of all segments, whoever of
// them has which, and not before.
func TestBeforeExit(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	must(t, shm.CloseDefault())
	before := anonymousFiles(t)
	var texts []string
	var paths []string
	for range 2 {
		seg, err := shm.Default()
		must(t, err)
		o, err := seg.NewObject("", bytesSpec(6), nil)
		must(t, err)
		texts, paths = append(texts, handleText(t, o)), append(paths, seg.Path())
		must(t, shm.CloseDefault()) // o keeps it
		defer func() {
			must(t, o.Close())
			if _, err := os.Stat(filepath.Clean(seg.Path())); err == nil {
				t.Errorf("%s is left", seg.Path())
			}
		}()
	}
	both := []string{texts[1], texts[0]}
	all := []*shmtest.Process{shmtest.Start(t, "exit", texts[0]), shmtest.Start(t, "exit", texts[1])}
	for range 4 {
		all = append(all, shmtest.Start(t, "exit", texts...), shmtest.Start(t, "exit", both...))
	}
	for _, p := range all {
		p.Expect("open")
	}
	for _, p := range all {
		p.Send("exit")
	}
	for _, p := range all {
		if line, ok := p.Next(); ok {
			t.Errorf("it says %q", line)
		}
	}
	if n := anonymousFiles(t); n != before+len(paths) {
		t.Errorf("%d files while this process uses them, want %d", n, before+len(paths))
	}
}

// The same without a survivor: the process that made the segment is killed first.
func TestKilledAtOnce(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	must(t, shm.CloseDefault())
	before := anonymousFiles(t)
	maker := shmtest.Start(t, "anonymous")
	text := maker.Line()
	var all []*shmtest.Process
	for range 8 {
		all = append(all, shmtest.Start(t, "exit", text))
	}
	for _, p := range all {
		p.Expect("open")
	}
	maker.Kill()
	for i, p := range all {
		if i == 3 {
			p.Send("crash") // which is no better than it was
			p.Next()
			continue
		}
		p.Send("exit")
	}
	for _, p := range all {
		p.Next()
	}
	if n := anonymousFiles(t); n != before {
		t.Errorf("%d files, want %d", n, before)
	}
}
