package manager_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
	"shmkit/process"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func TestMain(m *testing.M) {
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // else each server takes a second to end, under the race detector
	}
	process.Main()
	// A process has a descriptor of itself from its first child on.
	if p, err := nothing.Start(background, process.None{}); err != nil || p.Wait() != nil {
		fmt.Println("there are no processes:", err)
	} else {
		p.Close()
	}
	shmtest.Main(m, sweep)
}

var nothing = process.Register("manager_test.nothing", func(context.Context, process.None) error { return nil })

// sweep removes what servers that were killed have left, as whoever comes next does.
func sweep() error {
	l, err := pipe.Listen("unix", "")
	if err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	if err := shm.CloseDefault(); err != nil {
		return err
	}
	// Of servers that were killed handles have what they map until they are collected.
	for range 1000 {
		runtime.GC()
		if _, err := shm.Sweep(); err != nil {
			return err
		}
		if all, err := shm.List(); err != nil || len(all) == 0 {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails unless err is want.
func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

var background = context.Background()

var (
	errNotHeld   = shsync.ErrNotHeld
	errOwnerDied = shsync.ErrOwnerDied
	errTimeout   = os.ErrDeadlineExceeded
)

// openFiles is how many files a process may have open.
func openFiles(t testing.TB) uint64 {
	t.Helper()
	var l syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l))
	return l.Max
}
