package sync_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// While the action runs nobody goes on, and whoever comes then waits for the next
// generation.
func TestBarrierActionFirst(t *testing.T) {
	watchdog(t)
	b, err := shsync.NewBarrier(2)
	must(t, err)
	acting, on, over := make(chan bool), make(chan bool), atomic.Bool{}
	var all sync.WaitGroup
	all.Go(func() {
		if i, err := b.Wait(); i != 0 || err != nil || !over.Load() {
			t.Errorf("first: %d %v, after the action: %v", i, err, over.Load())
		}
	})
	asleep(1)
	all.Go(func() {
		i, err := b.WaitAction(context.Background(), func() error {
			close(acting)
			<-on
			over.Store(true)
			return nil
		})
		if i != 1 || err != nil {
			t.Errorf("last: %d %v", i, err)
		}
	})
	<-acting
	if info := b.Info(); !info.Acting || info.Waiting != 2 {
		t.Errorf("%+v", info)
	}
	short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := b.WaitContext(short); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, shsync.ErrBroken) {
		t.Errorf("came during the action, with a time limit: %v", err)
	}
	other := fmt.Errorf("another barrier: %w", shsync.ErrBroken)
	if _, err := b.WaitContext(endedBy(other)); !errors.Is(err, context.Canceled) || errors.Is(err, shsync.ErrBroken) {
		t.Errorf("came during the action, ended because another barrier broke: %v", err)
	}
	got := make(chan int)
	go func() {
		i, err := b.Wait()
		must(t, err)
		got <- i
	}()
	asleep(2)
	close(on)
	all.Wait()
	i, err := b.Wait()
	must(t, err)
	if i+<-got != 1 {
		t.Errorf("the generation after: index %d", i)
	}
	must(t, b.Close())
}

// conformance: BR-12
func TestBarrierParties(t *testing.T) {
	for _, n := range []int{0, -1, 1 << 16, math.MinInt} {
		if _, err := shsync.NewBarrier(n); !errors.Is(err, shsync.ErrCount) {
			t.Errorf("%d parties: %v", n, err)
		}
	}
	if _, err := shsync.NewBarrier(2, shsync.BarrierTimeout(-1)); !errors.Is(err, shsync.ErrCount) {
		t.Errorf("negative timeout: %v", err)
	}
	b, err := shsync.NewBarrier(1<<16 - 1)
	must(t, err)
	must(t, b.Close())
}

func TestBarrierNamed(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	b, err := shsync.NewBarrierIn(seg, "it", 1, shsync.BarrierTimeout(time.Hour))
	must(t, err)
	defer b.Close()
	_, exists := shsync.NewBarrierIn(seg, "it", 3)
	_, absent := shsync.OpenBarrier(seg, "none")
	_, typ := shsync.OpenEvent(seg, "it")
	if !errors.Is(exists, shm.ErrExists) || !errors.Is(absent, shm.ErrNotFound) || !errors.Is(typ, shm.ErrType) {
		t.Error(exists, absent, typ)
	}
	same, err := shsync.OpenBarrier(seg, "it")
	must(t, err)
	defer same.Close()
	if _, err = b.Wait(); err != nil {
		t.Error(err)
	}
	info := same.Info()
	want := fmt.Sprintf("0 of 1 wait; taking part: [%d]", pid)
	if info.Timeout != time.Hour || !slices.Equal(info.Members, []uint32{pid}) || same.String() != "Barrier("+want+")" {
		t.Errorf("%+v %v", info, same)
	}
	look, err := seg.Info()
	must(t, err)
	if o := look.Objects[0]; o.Kind != "Barrier" || o.Sync != want {
		t.Errorf("%+v", o)
	}
}

// Close ends the calls of its handle, and breaks what they have come to.
func TestBarrierClosed(t *testing.T) {
	watchdog(t)
	b, err := shsync.NewBarrier(3)
	must(t, err)
	text, err := b.MarshalText()
	must(t, err)
	var other shsync.Barrier
	must(t, other.UnmarshalText(text))
	got, through := make(chan error), make(chan error)
	go func() { _, err := other.Wait(); got <- err }()
	asleep(1)
	go func() { _, err := b.Wait(); through <- err }()
	asleep(2)
	must(t, b.Close())
	if err := <-through; !errors.Is(err, shsync.ErrClosed) {
		t.Errorf("waiter through the closed handle: %v", err)
	}
	if err := <-got; !errors.Is(err, shsync.ErrBroken) {
		t.Errorf("the other: %v", err)
	}
	_, wait := b.Wait()
	_, handle := b.Handle()
	for what, err := range map[string]error{
		"Wait": wait, "Abort": b.Abort(), "Reset": b.Reset(), "Close": b.Close(), "Handle": handle,
	} {
		if !errors.Is(err, shsync.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	if b.Info() != nil || b.String() != "Barrier(closed)" || !b.Broken() || b.Waiting() != 0 {
		t.Errorf("closed: %v", b)
	}
	must(t, other.Close())
}
