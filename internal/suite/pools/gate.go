package pools

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// gate holds up those who run [Wait] with its number, in whatever process. It is a
// directory, since a worker need not share anything else with the test.
type gate int

var gates atomic.Int32

func newGate(t testing.TB) gate {
	t.Helper()
	g := gate(os.Getpid()<<8 + int(gates.Add(1)))
	if err := os.Mkdir(g.dir(), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(g.dir()) })
	return g
}

func (g gate) dir() string {
	return filepath.Join(os.TempDir(), fmt.Sprint("shmkit-test-gate-", int(g)))
}

// come returns when so many have come.
func (g gate) come(t testing.TB, n int) {
	t.Helper()
	for {
		list, err := filepath.Glob(filepath.Join(g.dir(), "came*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(list) >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// open lets all go on, for ever.
func (g gate) open(t testing.TB) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir(), "open"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// waitAt also ends with the test, or with ctx.
func waitAt(ctx context.Context, n int) (int, error) {
	g := gate(n)
	if f, err := os.CreateTemp(g.dir(), "came"); err == nil {
		f.Close()
	}
	for ctx.Err() == nil {
		if _, err := os.Stat(g.dir()); err != nil {
			break
		}
		if _, err := os.Stat(filepath.Join(g.dir(), "open")); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return os.Getpid(), ctx.Err()
}
