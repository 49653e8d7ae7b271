package ring_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
	"shmkit/ring"
	"shmkit/shm"
)

func init() { shmtest.Register("leases", beLeasing) }

const beyond = 64 // blocks of a queue beyond its capacity

// beLeasing is a process that takes a message when it is told, and keeps it.
func beLeasing(c *shmtest.Child) {
	var q ring.Queue[message]
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	c.Say("ready")
	c.Hear()
	_, err := q.Lease()
	c.Must(err)
	c.Say("leased")
	c.Park()
}

// smallQueue is a queue of 2, and the object behind it.
func smallQueue(t *testing.T) (*ring.Queue[message], *shm.Object, *layout.QueueHead) {
	t.Helper()
	seg := segment(t)
	q, err := ring.NewIn[message](seg, "queue", 2)
	must(t, err)
	typ, err := shm.TypeOf[message]()
	must(t, err)
	o, err := seg.OpenObject("queue", shm.Spec{Kind: shm.KindQueue, Type: typ})
	must(t, err)
	t.Cleanup(func() { q.Detach(); o.Close() })
	return q, o, shm.Head[layout.QueueHead](o, 0)
}

// starve takes all blocks: n messages wait, all others are leased.
func starve(t *testing.T, q *ring.Queue[message], n int) (leases []*ring.Lease[message]) {
	t.Helper()
	for range q.Cap() + beyond - n {
		must(t, q.TryPut(messageOf(1, 0)))
		l, err := q.TryLease()
		must(t, err)
		leases = append(leases, l)
	}
	for n := range uint64(n) {
		must(t, q.TryPut(messageOf(2, n)))
	}
	if l, err := q.TryLoan(); err != ring.ErrFull {
		t.Fatal("a block is left: ", l, err)
	}
	return leases
}

// asleep returns when do, which it begins, sleeps. It gives the thread that it has.
func asleep(t *testing.T, o *shm.Object, do func() error) (tid int, ended chan error) {
	t.Helper()
	slept := atomic.LoadUint64(&o.Stats().Sleeps)
	tids, ended := make(chan int), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		tids <- syscall.Gettid()
		ended <- do()
	}()
	for tid = <-tids; atomic.LoadUint64(&o.Stats().Sleeps) == slept; {
		time.Sleep(100 * time.Microsecond)
	}
	return tid, ended
}

// switches is how often a thread went to sleep.
func switches(t *testing.T, tid int) (n int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/status", tid))
	must(t, err)
	_, rest, _ := bytes.Cut(status, []byte("\nvoluntary_ctxt_switches:"))
	fmt.Sscan(string(rest), &n)
	return n
}

// A Put that finds a place and no block sleeps until there is one: it does not look again
// and again. Whoever makes a block free wakes it, in whichever way.
func TestStarvedPutSleeps(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for name, frees := range map[string]func(q *ring.Queue[message], l *ring.Lease[message]) error{
		"Get": func(q *ring.Queue[message], _ *ring.Lease[message]) error { _, err := q.Get(); return err },
		"GetN": func(q *ring.Queue[message], _ *ring.Lease[message]) error {
			_, err := q.GetN(make([]message, 1))
			return err
		},
		"Ack":     func(_ *ring.Queue[message], l *ring.Lease[message]) error { return l.Ack() },
		"Abandon": nil,
	} {
		t.Run(name, func(t *testing.T) {
			q, o, head := smallQueue(t)
			var loan *ring.Loan[message]
			leases := starve(t, q, 1)
			if frees == nil {
				must(t, leases[0].Ack())
				var err error
				loan, err = q.TryLoan()
				must(t, err)
			}
			tid, ended := asleep(t, o, func() error { return q.Put(messageOf(3, 0)) })
			before := switches(t, tid)
			time.Sleep(200 * time.Millisecond)
			if n := switches(t, tid) - before; n > 50 {
				t.Errorf("it looked %d times in 0.2 s", n)
			}
			if !q.Info().Putting {
				t.Error("it has not said that it sleeps")
			}
			other := shmtest.Sleep(t, &head.Freed, atomic.LoadUint32(&head.Freed), 1)
			if frees == nil {
				must(t, loan.Abandon())
			} else {
				must(t, frees(q, leases[0]))
			}
			if other.Left() > 0 {
				t.Error("nobody was woken")
			}
			must(t, <-ended)
		})
	}
}

// Who sleeps for a block does not take the wake-up of one who sleeps for a place.
func TestWantsOfOthers(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for name, do := range map[string]func(q *ring.Queue[message]) error{
		"Loan": func(q *ring.Queue[message]) error { _, err := q.Loan(); return err },
		"Put":  func(q *ring.Queue[message]) error { return q.Put(messageOf(3, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			q, o, head := smallQueue(t)
			leases := starve(t, q, 2)
			_, ended := asleep(t, o, func() error { return do(q) })
			// One that has a block and waits for a place.
			atomic.StoreUint32(&head.Space, atomic.LoadUint32(&head.Space)&^layout.QueueSleepers|layout.QueueMany)
			place := shmtest.Sleep(t, &head.Space, atomic.LoadUint32(&head.Space), 1)
			l, err := q.TryLease() // there is a place now, and no block
			must(t, err)
			for atomic.LoadUint32(&head.Flags)&layout.QueueStarved == 0 {
				time.Sleep(100 * time.Microsecond)
			}
			if place.Left() > 0 {
				t.Error("whoever waits for a place sleeps on")
			}
			must(t, l.Ack())
			must(t, <-ended)
			must(t, leases[0].Ack())
		})
	}
}

// The kernel wakes one sleeper of a death word. If that one has got what it waits for
// meanwhile, others who sleep there hear of the death all the same.
func TestDeathIsPassedOn(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q, o, head := smallQueue(t)
	text, err := q.MarshalText()
	must(t, err)
	p := shmtest.Start(t, "leases", string(text))
	p.Expect("ready")
	_, ended := asleep(t, o, func() error { _, err := q.Get(); return err })
	passedOn(t, o, ended, func() {
		atomic.AndUint32(&head.Items, ^layout.QueueSleepers) // who puts it is killed before the wake-up
		must(t, q.TryPut(messageOf(1, 1)))
	})
	p.Kill()
}

func TestDeathOfEndIsPassedOn(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := segment(t)
	s, err := ring.NewSPSCIn[message](seg, "s", 4)
	must(t, err)
	o, head := streamObject[message](t, seg, "s", shm.KindSPSC)
	p := startSPSC(t, s)
	ask(t, p, "producer")
	c, err := s.Consumer()
	must(t, err)
	detached(t, c, s)
	_, ended := asleep(t, o, func() error { _, err := c.Get(); return err })
	passedOn(t, o, ended, func() { atomic.AddUint64(&head.Tail, 1) })
	p.Kill()
}

// passedOn sees that the sleeper whose result comes through ended passes a death on that
// is told as the kernel tells it, after end gave it what it waits for without a wake-up.
func passedOn(t *testing.T, o *shm.Object, ended chan error, end func()) {
	t.Helper()
	death, living, ok := o.DeathWord(o.Occupant(1))
	if !ok {
		t.Fatal("no death word")
	}
	other := shmtest.Sleep(t, death, living, 1)
	end()
	atomic.StoreUint32(death, layout.DeathDied|layout.DeathWaiters)
	sys.FutexWake(death, 1)
	must(t, <-ended)
	if other.Left() > 0 {
		t.Error("somebody still sleeps on the death word")
	}
}

// A sleeper hears of the death of any process, however many there are, and also when it
// shares a thread with others.
func TestDeathAmongMany(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	for _, sharing := range []bool{false, true} {
		t.Run(fmt.Sprint("sharing ", sharing), func(t *testing.T) {
			q, o, _ := smallQueue(t)
			text, err := q.MarshalText()
			must(t, err)
			others := []*shmtest.Process{}
			for range 9 {
				p := shmtest.Start(t, "leases", string(text))
				p.Expect("ready")
				others = append(others, p)
			}
			if sharing {
				idle := newQueue(t, 1)
				defer idle.Close()
				for range 8 {
					go idle.Get()
				}
				for own, _ := park.Sleepers(); own < 8; own, _ = park.Sleepers() {
					time.Sleep(100 * time.Microsecond)
				}
			}
			must(t, q.Put(messageOf(7, 7)))
			last := others[len(others)-1]
			last.Send("lease")
			last.Expect("leased")
			got := make(chan *ring.Lease[message], 1)
			_, ended := asleep(t, o, func() error { l, err := q.Lease(); got <- l; return err })
			begin := time.Now()
			last.Kill()
			must(t, <-ended)
			t.Logf("after %v", time.Since(begin))
			if l := <-got; l.Value.N != 7 || l.Deliveries() != 1 {
				t.Errorf("got %+v, delivered %d times before", l.Value, l.Deliveries())
			}
		})
	}
}
