package sync_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// As in wake_linux_test.go, threads sleep in place of waiters, without a bound.

// placed is the segment of a test, and the object of what make makes there.
func placed[H closer](t *testing.T, kind string, make func(*shm.Segment, string) (H, error)) (*shm.Segment, H, *shm.Object) {
	t.Helper()
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	visitors, err := shsync.NewMutexIn(seg, "lock") // what those open who come later
	must(t, err)
	h, err := make(seg, "it")
	must(t, err)
	o, err := seg.OpenObject("it", shsync.Specs[kind])
	must(t, err)
	t.Cleanup(func() { o.Close(); h.Close(); visitors.Close(); must(t, seg.Close()) })
	return seg, h, o
}

// left fails the test unless so many of s sleep on.
func left(t *testing.T, what string, s *shmtest.Sleepers, want int) {
	t.Helper()
	if n := s.Left(); n != want {
		t.Errorf("%s: %d still sleep, want %d", what, n, want)
	}
}

func TestRWMutexWakes(t *testing.T) {
	watchdog(t)
	seg, rw, o := placed(t, "RWMutex", shsync.NewRWMutexIn)
	text, err := rw.MarshalText()
	must(t, err)
	bell := &shm.Head[layout.Bell](o, layout.BellOff).Word
	active := &shm.Items[layout.Reader](o)[layout.ReaderCell(layout.OwnerSlot(o.Self()))].Active

	must(t, rw.Lock())
	s := sleepOn(t, bell, layout.BellWaiters, 2)
	must(t, rw.Unlock())
	left(t, "readers that wait for a writer to end", s, 0)

	p := shmtest.Start(t, "actor", "rwmutex", string(text))
	p.Expect("ready")
	ask(p, "lock", "ok")
	owner := atomic.LoadUint32(&o.Mutex().Word)
	ask(p, "unlock", "ok")
	must(t, rw.RLock())
	atomic.StoreUint32(&o.Mutex().Word, owner) // a writer, who waits for us
	s = shmtest.Sleep(t, active, 1, 1)
	must(t, rw.RUnlock())
	left(t, "a writer that waits for the last reader", s, 0)
	atomic.StoreUint32(&o.Mutex().Word, 0)

	ask(p, "lock", "ok")
	s = sleepOn(t, bell, layout.BellWaiters, 2)
	p.Kill()
	shmtest.Start(t, "named", seg.Path()).Line()
	left(t, "readers that wait for one who died and was swept", s, 0)
}

func TestEventWakes(t *testing.T) {
	watchdog(t)
	_, e, o := placed(t, "Event", shsync.NewEventIn)
	s := sleepOn(t, shm.Head[uint32](o, 0), layout.EventWaiters, 3)
	must(t, e.Set())
	left(t, "Set", s, 0)
	must(t, e.Clear())
	got := make(chan error)
	go func() { got <- e.Wait() }()
	asleep(1)
	if !e.Info().Waiters {
		t.Error("somebody sleeps and the word does not tell")
	}
	must(t, e.Set())
	must(t, <-got)
}

func TestBarrierWakes(t *testing.T) {
	watchdog(t)
	seg, b, o := placed(t, "Barrier", func(seg *shm.Segment, name string) (*shsync.Barrier, error) {
		return shsync.NewBarrierIn(seg, name, 1)
	})
	head, gen := shm.Head[layout.Barrier](o, 0), shm.Head[uint32](o, layout.BarrierFutex)
	sleep := func(on *uint32) *shmtest.Sleepers {
		atomic.OrUint64(&head.Word, layout.BarrierWaiters)
		return shmtest.Sleep(t, on, atomic.LoadUint32(on), 3)
	}
	s := sleep(&head.Joins)
	must(t, second(b.Wait()))
	left(t, "those who have to watch a new member", s, 0)
	s = sleep(gen)
	must(t, second(b.Wait()))
	left(t, "a generation that passes", s, 0)
	s = sleep(gen)
	must(t, b.Abort())
	left(t, "Abort", s, 0)

	must(t, b.Reset())
	text, err := b.MarshalText()
	must(t, err)
	p := shmtest.Start(t, "actor", "barrier1", string(text))
	p.Expect("ready")
	ask(p, "wait", "0")
	s = sleep(gen)
	p.Kill()
	shmtest.Start(t, "named", seg.Path()).Line()
	left(t, "a party that died elsewhere and was swept", s, 0)
	if !b.Broken() {
		t.Error("not broken")
	}
}

func TestWaitGroupWakes(t *testing.T) {
	watchdog(t)
	seg, g, o := placed(t, "WaitGroup", shsync.NewWaitGroupIn)
	text, err := g.MarshalText()
	must(t, err)
	low := shm.Head[uint32](o, 0)
	must(t, g.Add(3))
	s := sleepOn(t, low, uint32(layout.WorkWaiters), 2)
	must(t, g.Begin())
	left(t, "those who have to watch a new worker", s, 0)
	must(t, g.Done())
	must(t, g.Done())
	s = sleepOn(t, low, uint32(layout.WorkWaiters), 2)
	must(t, g.Done())
	left(t, "the last Done", s, 0)

	p := shmtest.Start(t, "actor", "waitgroup", string(text))
	p.Expect("ready")
	must(t, g.Add(1))
	ask(p, "begin", "ok")
	s = sleepOn(t, low, uint32(layout.WorkWaiters), 2)
	p.Kill()
	shmtest.Start(t, "named", seg.Path()).Line()
	left(t, "the last worker died and was swept", s, 0)
}

func TestCondWakes(t *testing.T) {
	watchdog(t)
	m, c, o := condInMemory(t)
	head, cells := shm.Head[layout.Cond](o, 0), shm.Items[uint64](o)
	head.Ticket, head.High = 3, 3
	var sleepers []*shmtest.Sleepers
	for i := range 3 {
		cells[i] = layout.CondCell(layout.CondAsleep, o.Self(), uint32(i))
		low := mem.Low(&cells[i])
		sleepers = append(sleepers, shmtest.Sleep(t, low, *low, 1))
	}
	must(t, m.Lock())
	must(t, c.Notify(1))
	left(t, "Notify, the first", sleepers[0], 0)
	must(t, c.Notify(2))
	left(t, "Notify, the second", sleepers[1], 0)
	left(t, "Notify, the third", sleepers[2], 0)
	clear(cells[:3])
	got := make(chan error)
	go func() { got <- c.Wait() }()
	asleep(1)
	if x := atomic.LoadUint64(&cells[0]); x&layout.CondStateMask != layout.CondAsleep {
		t.Errorf("somebody sleeps and the cell is %#x", x)
	}
	must(t, m.Lock())
	must(t, c.Notify(1))
	must(t, m.Unlock())
	must(t, <-got)
	must(t, m.Unlock())
}

// Notify passes over the dead, and what they were notified of goes to the next.
func TestCondPassesOverTheDead(t *testing.T) {
	watchdog(t)
	m, c, o := condInMemory(t)
	head, cells := shm.Head[layout.Cond](o, 0), shm.Items[uint64](o)
	head.Ticket, head.High = 2, 2
	dead := layout.Owner(7, 3)
	cells[0] = layout.CondCell(layout.CondAsleep, dead, 0)
	cells[1] = layout.CondCell(layout.CondAsleep, o.Self(), 1)
	must(t, m.Lock())
	must(t, c.Notify(1))
	if cells[0] != layout.CondFree || cells[1]&layout.CondStateMask != layout.CondNotified {
		t.Errorf("after Notify the cell of the dead is %#x, that of the living %#x", cells[0], cells[1])
	}
	must(t, m.Unlock())

	cells[0] = layout.CondCell(layout.CondNotified, dead, 2)
	cells[1] = layout.CondCell(layout.CondAsleep, o.Self(), 1)
	low := mem.Low(&cells[1])
	s := shmtest.Sleep(t, low, *low, 1)
	o.Disown(0, dead)
	o.PassOn()
	left(t, "one who may have what the dead was notified of", s, 0)
	clear(cells[:2])
}

// Who gives up may have received the wake-up that another one needs.
func TestSemaphoreGivesUpAndPassesOn(t *testing.T) {
	watchdog(t)
	_, sem, o := placed(t, "Semaphore", func(seg *shm.Segment, name string) (*shsync.Semaphore, error) {
		return shsync.NewSemaphoreIn(seg, name, 0)
	})
	_, permits, po := placed(t, "Permits", func(seg *shm.Segment, name string) (*shsync.Permits, error) {
		return shsync.NewPermitsIn(seg, name, 1)
	})
	must(t, permits.Acquire())
	for _, x := range []struct {
		name    string
		word    *uint32
		bits    uint32
		acquire func(context.Context) error
	}{
		{"Semaphore", shm.Head[uint32](o, 0), layout.SemaphoreWaiters, sem.AcquireContext},
		{"Permits", shm.Head[uint32](po, 0), layout.PermitsWaiters, permits.AcquireContext},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		got := make(chan error)
		go func() { got <- x.acquire(ctx) }()
		asleep(1)
		s := sleepOn(t, x.word, x.bits, 1)
		cancel()
		wants(t, x.name, <-got, context.Canceled)
		left(t, x.name, s, 0)
	}
}
