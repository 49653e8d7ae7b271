package ring_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"shmkit/internal/park"
	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
	"shmkit/ring"
	"shmkit/shm"
)

func init() {
	shmtest.Register("busyWriter", beBusy)
}

// beBusy puts so many messages into a queue, with pauses between some, and ends.
func beBusy(c *shmtest.Child) {
	q := new(ring.Queue[message])
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	var from, n uint64
	fmt.Sscan(c.Args[1]+" "+c.Args[2], &from, &n)
	for i := range n {
		c.Must(q.Put(messageOf(from, i)))
		if rand.IntN(4) == 0 {
			time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond) // who waits sleeps now and then
		}
	}
}

func startBusy(t *testing.T, q *ring.Queue[message], from, n int) *shmtest.Process {
	t.Helper()
	text, err := q.MarshalText()
	must(t, err)
	return shmtest.Start(t, "busyWriter", string(text), fmt.Sprint(from), fmt.Sprint(n))
}

// queuesIn makes so many queues in one segment.
func queuesIn(t *testing.T, seg *shm.Segment, n, capacity int) (qs []*ring.Queue[message], ws []ring.Waitable) {
	t.Helper()
	for i := range n {
		q, err := ring.NewIn[message](seg, fmt.Sprint("queue", i), capacity)
		must(t, err)
		t.Cleanup(func() { q.Detach() })
		qs, ws = append(qs, q), append(ws, q)
	}
	return qs, ws
}

// slumber returns when n sleepers of this process are asleep, or about to be.
func slumber(n int) {
	for {
		own, shared := park.Sleepers()
		if own+shared >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Four processes put ten messages each into a queue of their own, and end: everything comes
// once, and so does the end of each.
//
// conformance: WT-01, WT-03
func TestWaitForQueues(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	const writers, each = 4, 10
	qs, ws := queuesIn(t, segment(t), writers, 2)
	var all sync.WaitGroup
	defer all.Wait()
	for i, q := range qs {
		p := startBusy(t, q, i, each)
		all.Go(func() { p.Wait(); q.Close() })
	}
	next := map[ring.Waitable]uint64{}
	for len(ws) > 0 {
		ready, err := ring.Wait(t.Context(), ws...)
		if must(t, err); len(ready) == 0 {
			t.Fatal("nobody is ready")
		}
		for _, w := range ready {
			m, err := w.(*ring.Queue[message]).TryGet()
			if errors.Is(err, ring.ErrClosed) && next[w] == each {
				ws = slices.DeleteFunc(ws, func(o ring.Waitable) bool { return o == w })
				continue
			}
			if must(t, err); m.N != next[w] {
				t.Fatalf("got %d, want %d", m.N, next[w])
			}
			next[w]++
		}
	}
}

// conformance: WT-04, WT-06
func TestWaitGivesUp(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	_, ws := queuesIn(t, segment(t), 3, 2)
	enough := errors.New("enough")
	for _, list := range [][]ring.Waitable{ws, nil} {
		for _, patience := range []time.Duration{-time.Second, 0, 20 * time.Millisecond} {
			begin := time.Now()
			ctx, cancel := context.WithTimeoutCause(context.Background(), patience, enough)
			ready, err := ring.Wait(ctx, list...)
			cancel()
			if is(t, "Wait", err, enough); len(ready) > 0 || time.Since(begin) < patience {
				t.Errorf("%v after %v, want to wait %v", ready, time.Since(begin), patience)
			}
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	must(t, ws[1].(*ring.Queue[message]).Put(messageOf(1, 1)))
	for range 2 { // it takes nothing, and what is ready is told whatever the context
		ready, err := ring.Wait(ended, ws[0], ws[1], ws[1], ws[2])
		if err != nil || !slices.Equal(ready, []ring.Waitable{ws[1], ws[1]}) {
			t.Errorf("%v %v, want the second one twice", ready, err)
		}
	}
}

// kindOfWait is something that can be waited for, and what makes it ready.
type kindOfWait struct {
	name string
	w    ring.Waitable
	wake func()
}

func kindsOfWait(t *testing.T) []kindOfWait {
	full := newQueue(t, 1)
	must(t, full.Put(messageOf(1, 1)))
	empty, closing, detached := newQueue(t, 1), newQueue(t, 1), newQueue(t, 1)
	s, s2, s3 := newSPSC(t, 1), newSPSC(t, 1), newSPSC(t, 1)
	p, err := s.Producer()
	must(t, err)
	c, err := s.Consumer()
	must(t, err)
	p2, err := s2.Producer()
	must(t, err)
	must(t, p2.Put(messageOf(1, 1)))
	c2, err := s2.Consumer()
	must(t, err)
	c3, err := s3.Consumer()
	must(t, err)
	seg := segment(t)
	r, err := ring.NewRecordsIn(seg, "records", 64)
	must(t, err)
	r2, err := ring.NewRecordsIn(seg, "records2", 64)
	must(t, err)
	w, err := r.Writer()
	must(t, err)
	rd, err := r.Reader()
	must(t, err)
	w2, err := r2.Writer()
	must(t, err)
	rd2, err := r2.Reader()
	must(t, err)
	for range 2 {
		must(t, w2.Put(make([]byte, 24)))
	}
	b, err := ring.NewBroadcastIn[message](seg, "broadcast", 2)
	must(t, err)
	pub, err := b.Publisher()
	must(t, err)
	sub, err := b.Subscriber()
	must(t, err)
	pr, pw, err := os.Pipe()
	must(t, err)
	jobs, err := ring.NewJoinableIn[message](seg, "jobs", 1)
	must(t, err)
	jobs2, err := ring.NewJoinableIn[message](seg, "jobs2", 1)
	must(t, err)
	must(t, jobs2.Put(messageOf(1, 1)))
	opened := make(chan bool)
	t.Cleanup(func() {
		for _, d := range []interface{ Detach() error }{jobs, jobs2, p, c, p2, c2, c3, w, rd, w2, rd2, pub, sub, s, s2, s3, r, r2, b} {
			d.Detach()
		}
		pr.Close()
		pw.Close()
	})
	return []kindOfWait{
		{"message", empty, func() { must(t, empty.Put(messageOf(1, 1))) }},
		{"job", jobs, func() { must(t, jobs.Put(messageOf(1, 1))) }},
		{"room for a job", jobs2.Room(), func() { jobs2.Get() }},
		{"room", full.Room(), func() { full.Get() }},
		{"closed", closing, func() { closing.Close() }},
		{"detached", detached, func() { detached.Detach() }},
		{"item", c, func() { must(t, p.Put(messageOf(1, 1))) }},
		{"room for an item", p2.Room(), func() { c2.Get() }},
		{"consumer that is detached", c3, func() { c3.Detach() }},
		{"record", rd, func() { must(t, w.Put([]byte("record"))) }},
		{"room for a record", w2.Room(24), func() { rd2.Get(nil) }},
		{"broadcast", sub, func() { must(t, pub.Publish(messageOf(1, 1))) }},
		{"file", ring.Readable(pr), func() { pw.Write([]byte("x")) }},
		{"func", ring.Func(func(ctx context.Context) error {
			select {
			case <-opened:
				return nil
			default:
			}
			select {
			case <-opened:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}), func() { close(opened) }},
	}
}

// Each kind of thing wakes a sleep on all of them, and then is ready again and again. So it
// does where the kernel sleeps on one word only.
func TestWaitForEachKind(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	eachKindWakes(t, kindsOfWait(t))
	defer sys.ForgoWaitV()()
	eachKindWakes(t, kindsOfWait(t))
}

func eachKindWakes(t *testing.T, kinds []kindOfWait) {
	t.Helper()
	for len(kinds) > 0 {
		var ws []ring.Waitable
		for _, k := range kinds {
			ws = append(ws, k.w)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if ready, err := ring.Wait(ctx, ws...); !errors.Is(err, context.Canceled) {
			t.Fatalf("before %s: %d are ready, %v", kinds[0].name, len(ready), err)
		}
		found := make(chan []ring.Waitable)
		go func() {
			ready, err := ring.Wait(context.Background(), ws...)
			must(t, err)
			found <- ready
		}()
		slumber(1)
		kinds[0].wake()
		for range 2 {
			if ready := <-found; len(ready) != 1 || ready[0] != ws[0] {
				t.Errorf("%s: %v are ready, want that", kinds[0].name, ready)
			}
			go func() {
				ready, _ := ring.Wait(context.Background(), ws...)
				found <- ready
			}()
		}
		<-found
		kinds = kinds[1:]
	}
}

// One sleep for hundreds of queues in few threads; each one wakes it.
func TestWaitForManyQueues(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	qs, ws := queuesIn(t, segment(t), 400, 1)
	for _, n := range []int{100, 130, 400} {
		for range 50 {
			which := rand.IntN(n)
			found := make(chan []ring.Waitable)
			go func() {
				ready, err := ring.Wait(context.Background(), ws[:n]...)
				must(t, err)
				found <- ready
			}()
			if rand.IntN(2) == 0 {
				slumber(1)
			}
			must(t, qs[which].Put(messageOf(1, 1)))
			if ready := <-found; len(ready) != 1 || ready[0] != ws[which] {
				t.Fatalf("%v are ready, want number %d", ready, which)
			}
			_, err := qs[which].TryGet()
			must(t, err)
		}
	}
}

// Many wait for the same queues, by Wait and by Get, in several processes: a wake-up that a
// Wait has had for a queue goes on, so that everything is taken. A lost one would cost a
// quarter of a second each time.
func TestWaitersShareQueues(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	const queues, each = 3, 300
	qs, ws := queuesIn(t, segment(t), queues, 4)
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[[2]uint64]int{}
	saw := func(m message) {
		mu.Lock()
		defer mu.Unlock()
		seen[[2]uint64{m.From, m.N}]++
	}
	for range 4 {
		all.Go(func() {
			for rest := slices.Clone(ws); len(rest) > 0; {
				ready, err := ring.Wait(context.Background(), rest...)
				must(t, err)
				w := ready[rand.IntN(len(ready))] // the others are left to whoever wants them
				m, err := w.(*ring.Queue[message]).TryGet()
				switch {
				case err == nil:
					saw(m)
				case errors.Is(err, ring.ErrClosed):
					rest = slices.DeleteFunc(rest, func(o ring.Waitable) bool { return o == w })
				case !errors.Is(err, ring.ErrEmpty):
					t.Error(err)
				}
			}
		})
	}
	for i, q := range qs {
		all.Go(func() {
			for {
				m, err := q.Get()
				if errors.Is(err, ring.ErrClosed) {
					return
				}
				must(t, err)
				saw(m)
			}
		})
		p := startBusy(t, q, i, each)
		all.Go(func() { p.Wait(); q.Close() })
	}
	all.Wait()
	if len(seen) != queues*each {
		t.Errorf("%d messages, want %d", len(seen), queues*each)
	}
	for m, n := range seen {
		if n != 1 {
			t.Errorf("%v came %d times", m, n)
		}
	}
}
