package sync_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"shmkit/internal/park"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// held is a context whose Err, which a waiting call asks just before it sleeps,
// returns only when the test lets it.
type held struct {
	context.Context
	asked chan bool // receives when the call is there
	on    chan bool // lets it go on
}

func (h held) Err() error {
	h.asked <- true
	<-h.on
	return nil
}

// A call that waits may be stopped between any two instructions. The memory of the
// lock must not become another object's before the call has ended, though the
// handle was closed.
func TestMutexCloseKeepsWhatCallsUse(t *testing.T) {
	watchdog(t)
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	m, err := shsync.NewMutexIn(seg, "lock")
	must(t, err)
	must(t, seg.RemoveObject("lock")) // so that its last use frees it
	objects := func() int {
		info, err := seg.Info()
		must(t, err)
		return len(info.Objects)
	}
	must(t, m.Lock())
	ctx := held{context.Background(), make(chan bool), make(chan bool)}
	got := make(chan error)
	go func() { got <- m.LockContext(ctx) }()
	<-ctx.asked
	must(t, m.Close())
	if n := objects(); n != 1 {
		t.Errorf("%d objects after Close, with a call in flight: the lock was freed under it", n)
	}
	close(ctx.on)
	go func() {
		for range ctx.asked {
		}
	}()
	if err := <-got; !errors.Is(err, shsync.ErrClosed) {
		t.Errorf("the call that waited: %v", err)
	}
	if n := objects(); n != 0 {
		t.Errorf("%d objects after the last call, want none", n)
	}
}

// All who wait through a handle are told of its end, also those without a thread
// of their own, and also if others who sleep on the word do not pass wake-ups on.
func TestMutexCloseTellsAll(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	other := start(t, m)
	ask(other, "lock", "<nil>")
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if err := m.Lock(); !errors.Is(err, shsync.ErrClosed) {
				t.Errorf("waiter through a closed handle: %v", err)
			}
		})
	}
	asleep(40)
	must(t, m.Close())
	all.Wait()
	if own, shared := park.Sleepers(); own+shared != 0 {
		t.Errorf("%d sleepers left", own+shared)
	}
}
