package include_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// holdEnv makes the test binary a process that locks "lock" of the segment it
// names and then waits for its end.
const holdEnv = "SHMKIT_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdEnv); path != "" {
		hold(path)
	}
	os.Exit(m.Run())
}

func hold(path string) {
	seg, err := shm.Open(path)
	if err == nil {
		var mu *shsync.Mutex
		if mu, err = shsync.OpenMutex(seg, "lock"); err == nil {
			err = mu.Lock()
		}
	}
	fmt.Println("held", err)
	select {}
}

// segment is one that Go made, at a path that C can open.
func segment(t *testing.T) (*shm.Segment, string) {
	t.Helper()
	needLinux(t)
	path := filepath.Join(t.TempDir(), "segment")
	seg, err := shm.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sound(t, path)
		seg.Close()
	})
	return seg, path
}

// sound runs Go's check of a segment that C programs have changed.
func sound(t *testing.T, path string) {
	t.Helper()
	violations, err := shm.Check(path)
	if err != nil {
		t.Error(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
}

// mutex is a named one of both worlds.
func mutex(t *testing.T) (*shm.Segment, *shsync.Mutex, string) {
	t.Helper()
	seg, path := segment(t)
	mu, err := shsync.NewMutexIn(seg, "lock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mu.Close() })
	return seg, mu, path
}

func TestCHolderKilledGoRecovers(t *testing.T) {
	_, mu, path := mutex(t)
	a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
	for range 3 {
		c := openPeer(t, path, "lock")
		c.want(ok, "lock")
		got := make(chan error, 1)
		go func() { got <- mu.Lock() }()
		c.kill()
		if err := <-got; !errors.Is(err, shsync.ErrOwnerDied) {
			t.Fatalf("Lock = %v, want ErrOwnerDied", err)
		}
		a.want(busy, "trylock")
		b.send("lock")
		if err := mu.MarkConsistent(); err != nil {
			t.Fatal(err)
		}
		if err := mu.Unlock(); err != nil {
			t.Fatal(err)
		}
		b.wantAnswer(ok)
		b.want(ok, "unlock")
	}
}

func TestGoHolderKilledCRecovers(t *testing.T) {
	_, mu, path := mutex(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := openPeer(t, path, "lock")
	for range 3 {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), holdEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var text string
		if _, err := fmt.Fscanln(out, &text, new(string)); err != nil || text != "held" {
			t.Fatalf("holder says %q, %v", text, err)
		}
		p.send("lock")
		cmd.Process.Kill()
		p.wantAnswer(ownerDead)
		cmd.Wait()
		p.want(ok, "mark")
		p.want(ok, "unlock")
		if err := mu.Lock(); err != nil {
			t.Fatal(err)
		}
		p.want(busy, "trylock")
		if err := mu.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNotRecoverableBetweenGoAndC(t *testing.T) {
	_, mu, path := mutex(t)
	a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
	a.want(ok, "lock")
	a.kill()
	b.want(ownerDead, "lock")
	b.want(ok, "unlock")
	if err := mu.Lock(); !errors.Is(err, shsync.ErrNotRecoverable) {
		t.Errorf("Lock = %v, want ErrNotRecoverable", err)
	}
}

// Go removes a name while C uses the object: it stays until C releases it.
func TestRemovedWhileCHolds(t *testing.T) {
	seg, mu, path := mutex(t)
	p := openPeer(t, path, "lock")
	if err := seg.RemoveObject("lock"); err != nil {
		t.Fatal(err)
	}
	if err := mu.Close(); err != nil {
		t.Fatal(err)
	}
	p.want(ok, "lock")
	p.want(ok, "unlock")
	p.want(ok, "still")
	p.want(ok, "release")
	p.want(eNotFound, "find", "lock")
	sound(t, path)
}

// Go goroutines and C processes share a lock while the C ones are killed at random
// instants; Go always gets on and finds the segment sound.
func TestCKilledAnywhereGoGetsOn(t *testing.T) {
	_, mu, path := mutex(t)
	var stop atomic.Bool
	var all sync.WaitGroup
	var deaths atomic.Int64
	for range 3 {
		all.Go(func() {
			for !stop.Load() {
				err := mu.Lock()
				if errors.Is(err, shsync.ErrOwnerDied) {
					deaths.Add(1)
					err = mu.MarkConsistent()
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Unlock()
			}
		})
	}
	for i := range 30 {
		p := openPeer(t, path, "lock")
		p.send("hammer")
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond) // only when to kill
		p.kill()
		if i == 15 {
			sound(t, path)
		}
	}
	stop.Store(true)
	all.Wait()
	t.Logf("%d holders died", deaths.Load())
}

// The next Go process cleans up after C processes that were killed anywhere.
func TestGoSweepsAfterC(t *testing.T) {
	im := newImage(t)
	path := im.write()
	for range 20 {
		p := openPeer(t, path, "counter")
		p.send("count", 1<<40)
		p.kill()
	}
	seg, err := shm.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer seg.Close()
	sound(t, path)
	if slot := openPeer(t, path, "counter").slot(); slot > 1 {
		t.Errorf("slot %d: dead slots were not cleaned", slot)
	}
}
