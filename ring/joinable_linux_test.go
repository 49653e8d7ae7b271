package ring_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

func init() { shmtest.Register("worker", beWorker) }

// stop is who sends a message that ends a worker.
const stop = 99

// beWorker does what comes, and tells of each message before it is done. The last arguments
// say at which message it is killed, and whether that is before it has told.
func beWorker(c *shmtest.Child) {
	var j ring.Joinable[message]
	var told ring.Queue[uint64]
	c.Must(j.UnmarshalText([]byte(c.Args[0])))
	c.Must(told.UnmarshalText([]byte(c.Args[1])))
	last, err := strconv.Atoi(c.Args[2])
	c.Must(err)
	c.Say("ready")
	for n := 1; ; n++ {
		m, err := j.Get()
		if errors.Is(err, ring.ErrClosed) {
			break
		}
		c.Must(err)
		if m.From == stop {
			c.Must(j.TaskDone())
			break
		}
		if !m.whole() {
			c.Must(fmt.Errorf("torn: %v", m))
		}
		die := func() { c.Must(syscall.Kill(os.Getpid(), syscall.SIGKILL)); select {} }
		if n == last && c.Args[3] == "before" {
			die()
		}
		c.Must(told.Put(m.N))
		if n == last {
			die()
		}
		c.Must(j.TaskDone())
	}
	c.Say("over")
	c.Hear()
}

// workplace is a Joinable, and what workers tell.
type workplace struct {
	j      *ring.Joinable[message]
	told   *ring.Queue[uint64]
	handle [2]string
}

func newWorkplace(t *testing.T, capacity, told int) *workplace {
	t.Helper()
	w := &workplace{j: newJoinable(t, capacity)}
	var err error
	w.told, err = ring.NewIn[uint64](segment(t), "told", told)
	must(t, err)
	t.Cleanup(func() { w.told.Detach() })
	for i, h := range []interface{ MarshalText() ([]byte, error) }{w.j, w.told} {
		text, err := h.MarshalText()
		must(t, err)
		w.handle[i] = string(text)
	}
	return w
}

func (w *workplace) worker(t *testing.T, last int, when string) *shmtest.Process {
	t.Helper()
	p := shmtest.Start(t, "worker", w.handle[0], w.handle[1], strconv.Itoa(last), when)
	p.Expect("ready")
	return p
}

// buried returns when a worker that is killed is dead.
func buried(t *testing.T, p *shmtest.Process) {
	t.Helper()
	if line, ok := p.Next(); ok {
		t.Error("a worker that is killed says ", line)
	}
	p.Kill()
}

// Join returns when four processes have done ten messages, and not before.
//
// conformance: Q-06
func TestJoin(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	w := newWorkplace(t, 4, 20)
	workers := []*shmtest.Process{}
	for range 4 {
		workers = append(workers, w.worker(t, 0, ""))
	}
	for n := range uint64(10) {
		must(t, w.j.Put(messageOf(1, n)))
	}
	must(t, w.j.Join(context.Background()))
	if n := w.told.Len(); n != 10 {
		t.Errorf("Join returned after %d of 10", n)
	}
	for range workers {
		must(t, w.j.Put(messageOf(stop, 0)))
	}
	for _, p := range workers {
		p.Expect("over")
	}
	must(t, w.j.Join(context.Background()))
}

// Consumers are killed between Get and TaskDone, 200 times. Every message is done, and
// Join returns after that, and not before.
func TestJoinAmongKills(t *testing.T) {
	shmtest.Watchdog(t, 5*time.Minute)
	w := newWorkplace(t, 4, 64)
	w.worker(t, 0, "") // lives
	var put atomic.Uint64
	killed := make(chan struct{})
	produced := make(chan error)
	go func() {
		for {
			select {
			case <-killed:
				produced <- w.j.Join(context.Background())
				return
			default:
			}
			must(t, w.j.Put(messageOf(1, put.Load())))
			put.Add(1)
		}
	}()
	done, twice := map[uint64]bool{}, 0
	heard := make(chan error)
	go func() {
		for n, err := range w.told.All() {
			if err != nil {
				heard <- err
				return
			}
			if done[n] {
				twice++
			}
			done[n] = true
		}
		heard <- nil
	}()
	const kills = 200
	for n := 0; n < kills; n += 2 {
		a := w.worker(t, 1+rand.IntN(5), "before")
		b := w.worker(t, 1+rand.IntN(5), "after")
		buried(t, a)
		buried(t, b)
	}
	close(killed)
	must(t, <-produced)
	if n := w.j.Unfinished(); n != 0 {
		t.Errorf("%d are unfinished after Join", n)
	}
	must(t, w.told.Close())
	must(t, <-heard)
	if uint64(len(done)) != put.Load() {
		t.Errorf("%d of %d messages are done", len(done), put.Load())
	}
	again := w.j.Info().Redelivered
	if twice != kills/2 || again != kills {
		t.Errorf("%d messages were done twice, %d delivered again", twice, again)
	}
	t.Logf("%d kills, %d messages, %d delivered again, %d of them done twice", kills, put.Load(), again, twice)
	must(t, w.j.Close())
}

// soon is a context that ends after d, and when it began.
func soon(t *testing.T, d time.Duration) (context.Context, time.Time) {
	begin := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx, begin
}

// If all consumers die Join goes on, until its context ends or somebody else does the work.
func TestJoinWithoutConsumers(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	w := newWorkplace(t, 4, 4)
	p := w.worker(t, 1, "before")
	must(t, w.j.Put(messageOf(1, 7)))
	buried(t, p)
	ctx, begin := soon(t, 30*time.Millisecond)
	if err := w.j.Join(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) < 30*time.Millisecond {
		t.Errorf("Join: %v after %v", err, time.Since(begin))
	}
	joins := make(chan error)
	go func() { joins <- w.j.Join(context.Background()) }()
	w.worker(t, 0, "")
	must(t, <-joins)
	if n, err := w.told.TryGet(); err != nil || n != 7 {
		t.Errorf("message %d, %v", n, err)
	}
	must(t, w.j.Close())
}

// TaskDone wakes nobody but Joins, and only if all is done.
func TestFinishWakes(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := segment(t)
	j, err := ring.NewJoinableIn[message](seg, "joinable", 4)
	must(t, err)
	typ, err := shm.TypeOf[message]()
	must(t, err)
	o, err := seg.OpenObject("joinable", shm.Spec{Kind: shm.KindJoinable, Type: typ})
	must(t, err)
	t.Cleanup(func() { j.Detach(); o.Close() })
	head := shm.Head[layout.QueueHead](o, 0)
	for range 3 {
		must(t, j.Put(messageOf(1, 1)))
		_, err := j.Get()
		must(t, err)
	}
	wakes := atomic.LoadUint64(&o.Stats().Wakes)
	must(t, j.TaskDone())
	_, ended := asleep(t, o, func() error { return j.Join(context.Background()) })
	other := shmtest.Sleep(t, &head.Idle, atomic.LoadUint32(&head.Idle), 1)
	must(t, j.TaskDone())
	if n := atomic.LoadUint64(&o.Stats().Wakes) - wakes; n > 0 {
		t.Errorf("%d wake-ups, and something is unfinished", n)
	}
	must(t, j.TaskDone())
	must(t, <-ended)
	if other.Left() > 0 {
		t.Error("nobody was woken")
	}
	if n := atomic.LoadUint64(&o.Stats().Wakes) - wakes; n != 1 {
		t.Errorf("%d wake-ups, want one", n)
	}
	if atomic.LoadUint32(&head.Flags) != 0 {
		t.Error("TaskDone looks for Joins that are over")
	}
}
