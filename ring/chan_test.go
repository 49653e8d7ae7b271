package ring_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

func init() { shmtest.Register("channel", beChannel) }

// beChannel receives one message from the channel of a queue, and no more.
func beChannel(c *shmtest.Child) {
	q := new(ring.Queue[message])
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	messages, _ := ring.Chan(context.Background(), q)
	c.Say((<-messages).N)
	c.Park()
}

// Two queues in a select: everything comes once and in order, and each channel is closed at
// the end of its queue.
func TestChan(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	const each = 500
	qs, _ := queuesIn(t, segment(t), 2, 3)
	var chans [2]<-chan message
	var stops [2]func() error
	var all sync.WaitGroup
	defer all.Wait()
	for i, q := range qs {
		chans[i], stops[i] = ring.Chan(context.Background(), q)
		p := startBusy(t, q, i, each)
		all.Go(func() { p.Wait(); q.Close() })
	}
	var next [2]uint64
	for open := 2; open > 0; {
		var m message
		var ok bool
		which := 0
		select {
		case m, ok = <-chans[0]:
		case m, ok = <-chans[1]:
			which = 1
		}
		if !ok {
			chans[which] = nil
			open--
			continue
		}
		if m != messageOf(uint64(which), next[which]) {
			t.Fatalf("got %+v, want %d of %d", m, next[which], which)
		}
		next[which]++
	}
	for i, stop := range stops {
		if must(t, stop()); next[i] != each {
			t.Errorf("%d messages, want %d", next[i], each)
		}
	}
}

// What nobody has received is given back, and comes first, with its count.
func TestChanStops(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	enough := errors.New("enough")
	for _, cancels := range []bool{false, true} {
		q := newQueue(t, 4)
		for n := range uint64(3) {
			must(t, q.Put(messageOf(1, n)))
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		messages, stop := ring.Chan(ctx, q)
		if m := <-messages; m.N != 0 {
			t.Errorf("received %d, want 0", m.N)
		}
		for q.Len() != 1 { // the goroutine has the second one
			time.Sleep(time.Millisecond)
		}
		want := error(nil)
		if cancels {
			cancel(enough)
			want = enough
		}
		for range 2 {
			if err := stop(); err != want {
				t.Errorf("stop: %v, want %v", err, want)
			}
		}
		if m, ok := <-messages; ok {
			t.Errorf("received %d after stop", m.N)
		}
		for n := uint64(1); n < 3; n++ {
			l, err := q.TryLease()
			must(t, err)
			if l.Value.N != n || l.Deliveries() != int(2-n) {
				t.Errorf("message %d, delivered %d times before", l.Value.N, l.Deliveries())
			}
			must(t, l.Ack())
		}
		cancel(nil)
	}
}

// The handle is detached: a message at hand is still received, and then the channel ends.
func TestChanOfDetached(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 4)
	must(t, q.Put(messageOf(1, 1)))
	messages, stop := ring.Chan(context.Background(), q)
	for q.Len() != 0 {
		time.Sleep(time.Millisecond)
	}
	must(t, q.Detach())
	if m := <-messages; m != messageOf(1, 1) {
		t.Errorf("received %+v", m)
	}
	if m, ok := <-messages; ok {
		t.Errorf("received %+v at the end", m)
	}
	is(t, "stop", stop(), ring.ErrDetached)
	messages, stop = ring.Chan(context.Background(), q)
	if _, ok := <-messages; ok {
		t.Error("received from a detached queue")
	}
	is(t, "stop", stop(), ring.ErrDetached)
}

// The process dies: what was received is gone with it, what was not comes back, and so may
// the last one that was.
func TestChanOfTheDead(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 4)
	for n := range uint64(3) {
		must(t, q.Put(messageOf(1, n)))
	}
	text, err := q.MarshalText()
	must(t, err)
	child := shmtest.Start(t, "channel", string(text))
	child.Expect("0")
	for q.Len() > 1 { // it has the second one
		time.Sleep(time.Millisecond)
	}
	child.Kill()
	deliveries := map[uint64]int{}
	for range 2 { // in any order: it comes back when somebody has seen the death
		l, err := q.Lease()
		must(t, err)
		deliveries[l.Value.N] = l.Deliveries()
		must(t, l.Ack())
	}
	if !maps.Equal(deliveries, map[uint64]int{1: 1, 2: 0}) {
		t.Errorf("deliveries before: %v, want one of message 1", deliveries)
	}
}

// Chan of the two kinds of streams: all come in order; what nobody received is the next.
func TestChanOfStreams(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	s := newSPSC(t, 4)
	p, err := s.Producer()
	must(t, err)
	c, err := s.Consumer()
	must(t, err)
	defer c.Detach()
	r, err := ring.NewRecordsIn(segment(t), "records", 256)
	must(t, err)
	defer r.Detach()
	w, err := r.Writer()
	must(t, err)
	rd, err := r.Reader()
	must(t, err)
	defer rd.Detach()
	for n := range uint64(3) {
		must(t, p.Put(messageOf(1, n)))
		must(t, w.Put([]byte{byte(n)}))
	}
	items, stop := ring.Chan(context.Background(), c)
	records, stop2 := ring.Chan(context.Background(), rd)
	for n := range uint64(2) {
		if m := <-items; m != messageOf(1, n) {
			t.Errorf("received %+v, want %d", m, n)
		}
		if b := <-records; !slices.Equal(b, []byte{byte(n)}) {
			t.Errorf("received %x, want %d", b, n)
		}
	}
	must(t, stop())
	must(t, stop2())
	m, err := c.TryGet()
	if must(t, err); m != messageOf(1, 2) {
		t.Errorf("got %+v, want 2", m)
	}
	b, err := rd.TryGet(nil)
	if must(t, err); !slices.Equal(b, []byte{2}) {
		t.Errorf("got %x, want 2", b)
	}
	items, stop = ring.Chan(context.Background(), c)
	must(t, p.Close())
	if _, ok := <-items; ok {
		t.Error("an item after the end")
	}
	must(t, stop())
	must(t, p.Detach())
	must(t, w.Detach())
}
