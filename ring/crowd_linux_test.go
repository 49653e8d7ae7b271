package ring_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/park"
	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

// allAsleep returns when n calls of this process sleep, or are about to.
func allAsleep(n int) {
	for {
		if own, shared := park.Sleepers(); own+shared >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func threadCount(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc: cannot count threads")
	}
	_, after, _ := strings.Cut(string(status), "Threads:")
	n, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(after, "\n", 2)[0]))
	must(t, err)
	return n
}

// used is the processor time that this process has had.
func used(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// idle looks for a second at a process all of whose goroutines sleep: it has few threads,
// and uses next to nothing of a processor.
func idle(t *testing.T, share float64) {
	t.Helper()
	time.Sleep(time.Second) // going to sleep is not being idle
	begin, before := time.Now(), used(t)
	time.Sleep(time.Second)
	part := float64(used(t)-before) / float64(time.Since(begin))
	n := threadCount(t)
	own, shared := park.Sleepers()
	t.Logf("%d threads, %.2f %% of a processor, %d sleepers on their own, %d in the hub", n, 100*part, own, shared)
	if n >= 100 {
		t.Errorf("%d threads for %d sleepers", n, own+shared)
	}
	if part > share {
		t.Errorf("%.1f %% of a processor for %d sleepers", 100*part, own+shared)
	}
}

// A Get that waits for a message uses no processor.
func TestBlockedGetIsIdle(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 4)
	got := make(chan error)
	go func() { _, err := q.Get(); got <- err }()
	allAsleep(1)
	idle(t, 0.02)
	must(t, q.Put(messageOf(1, 1)))
	must(t, <-got)
}

func init() { shmtest.Register("crowd", useCrowd) }

// useCrowd has all queues of the crowd open, and puts into each second one.
func useCrowd(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	var list []*ring.Queue[message]
	for n := range crowdQueues {
		q, err := ring.Open[message](seg, "queue"+strconv.Itoa(n))
		c.Must(err)
		list = append(list, q)
	}
	c.Say("open")
	c.Hear()
	for n := 0; n < crowdQueues; n += 2 {
		for range crowdEach {
			c.Must(list[n].Put(messageOf(1, uint64(n))))
		}
	}
	c.Say("put")
	c.Park()
}

const crowdQueues, crowdEach = 1000, 10

// A thousand queues, that another process uses too, with ten blocked goroutines each: few
// threads, next to no processor, and all wake, of each second queue by a message of the
// other process each, of the others by Close.
func TestCrowd(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	seg := segment(t)
	var all sync.WaitGroup
	var list []*ring.Queue[message]
	for n := range crowdQueues {
		q, err := ring.NewIn[message](seg, "queue"+strconv.Itoa(n), crowdEach)
		must(t, err)
		list = append(list, q)
		want := error(nil)
		if n%2 > 0 {
			want = ring.ErrClosed
		}
		for range crowdEach {
			all.Go(func() {
				if m, err := q.Get(); !errors.Is(err, want) || err == nil && m != messageOf(1, uint64(n)) {
					t.Errorf("queue %d: %v, %v, want %v", n, m, err, want)
				}
			})
		}
	}
	other := shmtest.Start(t, "crowd", seg.Path())
	other.Expect("open")
	allAsleep(crowdQueues * crowdEach)
	idle(t, 0.25)
	other.Send("put")
	other.Expect("put")
	for n := 1; n < crowdQueues; n += 2 {
		must(t, list[n].Close())
	}
	all.Wait()
	if own, shared := park.Sleepers(); own+shared != 0 {
		t.Errorf("%d and %d sleepers are left", own, shared)
	}
	for _, q := range list {
		must(t, q.Detach())
	}
}
