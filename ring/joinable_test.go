package ring_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

func newJoinable(t testing.TB, capacity int) *ring.Joinable[message] {
	t.Helper()
	j, err := ring.NewJoinableIn[message](segment(t), "joinable", capacity)
	must(t, err)
	t.Cleanup(func() { j.Detach() })
	return j
}

// cancelled is a context that has ended: Join with it only looks.
func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// joined fails unless Join says so at once.
func joined(t *testing.T, j *ring.Joinable[message], want bool) {
	t.Helper()
	err := j.Join(cancelled())
	if want && err != nil || !want && !errors.Is(err, context.Canceled) {
		t.Errorf("Join: %v, %d are unfinished", err, j.Unfinished())
	}
	if (j.Unfinished() == 0) != want {
		t.Errorf("%d are unfinished", j.Unfinished())
	}
}

// A message is unfinished from Put to TaskDone, wherever it is meanwhile.
//
// conformance
func TestUnfinished(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, capacity := range []int{1, 3, 300} {
		j := newJoinable(t, capacity)
		joined(t, j, true)
		if err := j.TaskDone(); !errors.Is(err, ring.ErrTaskDone) {
			t.Errorf("TaskDone of nothing: %v", err)
		}
		for n := range uint64(1000) {
			must(t, j.Put(messageOf(1, n)))
			joined(t, j, false)
			m, err := j.Get()
			must(t, err)
			if m != messageOf(1, n) {
				t.Fatalf("got %+v, want %d", m, n)
			}
			joined(t, j, false)
			if n%3 == 0 { // by lease, back and forth
				must(t, j.Put(messageOf(2, n)))
				l, err := j.Lease()
				must(t, err)
				must(t, j.TaskDone())
				must(t, l.Nack())
				joined(t, j, false)
				l, err = j.TryLease()
				must(t, err)
				joined(t, j, false)
				must(t, l.Ack())
			} else {
				must(t, j.TaskDone())
			}
			joined(t, j, true)
		}
		must(t, j.Put(messageOf(1, 0)))
		must(t, j.Close())
		if err := j.Put(messageOf(1, 0)); !errors.Is(err, ring.ErrClosed) {
			t.Errorf("Put after Close: %v", err)
		}
		joined(t, j, false)
		_, err := j.Get()
		must(t, err)
		if _, err := j.Get(); !errors.Is(err, ring.ErrClosed) {
			t.Errorf("Get at the end: %v", err)
		}
		joined(t, j, false)
		must(t, j.TaskDone())
		joined(t, j, true)
		must(t, j.Detach())
		for what, err := range map[string]error{"TaskDone": j.TaskDone(), "Join": j.Join(context.Background()), "Detach": j.Detach()} {
			if !errors.Is(err, ring.ErrDetached) {
				t.Errorf("%s after Detach: %v", what, err)
			}
		}
	}
}

// TaskDone is for the oldest message of its handle, and a handle that goes gives back what
// it had, whether it is detached or forgotten.
func TestTakings(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := segment(t)
	j, err := ring.NewJoinableIn[message](seg, "joinable", 8)
	must(t, err)
	other, err := ring.OpenJoinable[message](seg, "joinable")
	must(t, err)
	for n := range uint64(4) {
		must(t, j.TryPut(messageOf(1, n)))
	}
	for _, h := range []*ring.Joinable[message]{j, other, other, other} {
		_, err := h.TryGet()
		must(t, err)
	}
	must(t, j.TaskDone())
	if err := j.TaskDone(); !errors.Is(err, ring.ErrTaskDone) {
		t.Errorf("TaskDone of another handle's message: %v", err)
	}
	must(t, other.TaskDone()) // message 1
	must(t, other.Detach())
	for n := uint64(2); n < 4; n++ {
		l, err := j.TryLease()
		must(t, err)
		if l.Value.N != n || l.Deliveries() != 1 {
			t.Errorf("message %d, delivered %d times before, want %d, once", l.Value.N, l.Deliveries(), n)
		}
		must(t, l.Ack())
	}
	joined(t, j, true)

	must(t, j.Put(messageOf(1, 4)))
	func() {
		forgotten, err := ring.OpenJoinable[message](seg, "joinable")
		must(t, err)
		_, err = forgotten.Get()
		must(t, err)
	}()
	for j.Len() == 0 {
		runtime.GC()
	}
	must(t, func() error { _, err := j.Get(); return err }())
	must(t, j.TaskDone())
	must(t, j.Detach())
}

// A Queue is no Joinable.
func TestJoinableKind(t *testing.T) {
	seg := segment(t)
	j, err := ring.NewJoinableIn[message](seg, "joinable", 1)
	must(t, err)
	q, err := ring.NewIn[message](seg, "queue", 1)
	must(t, err)
	if _, err := ring.Open[message](seg, "joinable"); !errors.Is(err, shm.ErrType) {
		t.Errorf("Open of a Joinable: %v", err)
	}
	if _, err := ring.OpenJoinable[message](seg, "queue"); !errors.Is(err, shm.ErrType) {
		t.Errorf("OpenJoinable of a Queue: %v", err)
	}
	text, err := q.MarshalText()
	must(t, err)
	if err := new(ring.Joinable[message]).UnmarshalText(text); !errors.Is(err, shm.ErrType) {
		t.Errorf("UnmarshalText of a Queue: %v", err)
	}
	must(t, errors.Join(j.Detach(), q.Detach()))
}

// What is not done takes up blocks: Put finds no room when there is none left, and the one
// that waits for it goes on as soon as something is done.
func TestManyUndone(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	j := newJoinable(t, 3)
	n := 0
	for ; j.TryPut(messageOf(1, uint64(n))) == nil; n++ {
		_, err := j.Get()
		must(t, err)
	}
	if n != j.Cap()+beyond || j.Len() != 0 || j.Unfinished() != n {
		t.Errorf("no room after %d, %d of which are unfinished", n, j.Unfinished())
	}
	put := make(chan error)
	go func() { put <- j.Put(messageOf(1, uint64(n))) }()
	must(t, j.TaskDone())
	must(t, <-put)
	_, err := j.Get()
	must(t, err)
	for range n {
		joined(t, j, false)
		must(t, j.TaskDone())
	}
	joined(t, j, true)
}

// While there always is something unfinished no Join returns, and no look finds nothing;
// when all is done, all Joins do.
func TestJoinIsExact(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, capacity := range []int{2, 7, 300} {
		j := newJoinable(t, capacity)
		must(t, j.Put(messageOf(0, 0)))
		var last atomic.Bool
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				must(t, j.Join(context.Background()))
				if !last.Load() {
					t.Error("Join returned, and something was unfinished all the time")
				}
			})
		}
		all.Go(func() {
			for !last.Load() {
				if n := j.Unfinished(); n == 0 && !last.Load() {
					t.Error("nothing was unfinished, at no time")
				}
			}
		})
		for n := range uint64(20000) {
			must(t, j.Put(messageOf(0, n)))
			if n%2 == 0 {
				_, err := j.Get()
				must(t, err)
				must(t, j.TaskDone())
				continue
			}
			l, err := j.Lease()
			must(t, err)
			if n%16 == 1 {
				must(t, l.Nack())
				l, err = j.Lease()
				must(t, err)
			}
			must(t, l.Ack())
		}
		last.Store(true)
		_, err := j.Get()
		must(t, err)
		must(t, j.TaskDone())
		all.Wait()
	}
}
