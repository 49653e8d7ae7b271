package main

import (
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/shm"
)

const benchHelper = "bench"

func init() { shmtest.Register(benchHelper, benchForEver) }

// benchForEver runs both sides of a row. Its arguments: the row, a folder for files.
func benchForEver(c *shmtest.Child) {
	l, err := newLabIn(c.Args[1], true)
	c.Must(err)
	for _, b := range benchmarks() {
		if b.name != c.Args[0] {
			continue
		}
		both, err := b.start(l)
		if err != nil {
			c.Say(err)
			return
		}
		c.Say("started")
		for n := 1; ; n = min(4*n, 1000) {
			_, err := both.ours(n)
			c.Must(err)
			if both.peer != nil {
				_, err = both.peer(n)
				c.Must(err)
			}
		}
	}
}

// A bench that is killed in the middle of a row leaves nobody behind, neither its
// children nor theirs, and no file.
func TestNobodyStays(t *testing.T) {
	shmtest.Need(benchHelper)
	shmtest.Watchdog(t, 5*time.Minute)
	for _, row := range []string{"queue/1p1c", "queue/1p1c-python", "queue/1p1c-os-pipe", "queue/1p1c-message_queue",
		"queue/1MiB-lease", "pipe/rtt-parked", "mutex/contended-2proc", "cond/handoff", "barrier/2proc",
		"manager/dict-set", "manager/dict-set-tcp", "manager/lock-redis", "manager/16-clients"} {
		t.Run(filepath.Base(row), func(t *testing.T) { nobodyStays(t, row) })
	}
	if err := shm.CloseDefault(); err != nil { // that of this process
		t.Error(err)
	}
	if left, err := shm.List(); err != nil || len(left) > 0 {
		t.Errorf("segments are left: %v %v", left, err)
	}
}

func nobodyStays(t *testing.T, row string) {
	heard, said, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	scratch := t.TempDir()
	// All of them inherit the descriptor, so it ends with the last one.
	p := shmtest.StartWith(t, func(cmd *exec.Cmd) { cmd.Stderr = said }, benchHelper, row, scratch)
	said.Close()
	if line := p.Line(); line != "started" {
		t.Skip("skipped: " + line)
	}
	time.Sleep(time.Duration(rand.Int64N(int64(50 * time.Millisecond)))) // anywhere in the row
	p.Kill()
	if _, err := io.ReadAll(heard); err != nil { // some tell that another one ended first
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(scratch, "*")); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
}
