package include_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/ring"
	"shmkit/shm"
)

// Codes of shmkit_error.h that queues give.
const (
	noRoom = 7
	empty  = 8
	atEnd  = 9
)

// message is that of testdata/queue.c.
type message struct {
	From, N uint64
	Copy    [6]uint64
}

func messageOf(from, n uint64) (m message) {
	m.From, m.N = from, n
	for i := range m.Copy {
		m.Copy[i] = n
	}
	return m
}

func (m message) mixed() uint64 { return m.From*0x9E3779B97F4A7C15 ^ m.N*0xBF58476D1CE4E5B9 }

// queueOf is a queue of both worlds, and where C finds it.
func queueOf(t *testing.T, capacity int) (*shm.Segment, *ring.Queue[message], string) {
	t.Helper()
	seg, path := segment(t)
	q, err := ring.NewIn[message](seg, "queue", capacity)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Detach() })
	return seg, q, path
}

// openQueue starts a C program that has the queue open.
func openQueue(t *testing.T, path string) *peer {
	t.Helper()
	p := startProgram(t, program(t, "queue"))
	p.want(ok, "open", path)
	p.want(ok, "find", "queue")
	return p
}

// says fails unless a command gives 0 and that text.
func (p *peer) says(text string, command ...any) {
	p.t.Helper()
	if got := p.want(ok, command...); got != text {
		p.t.Fatalf("%v: %q, want %q", command, got, text)
	}
}

func need(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// One after the other, C and Go see the same queue: order, capacity, leases, loans.
func TestQueueOfBothWorlds(t *testing.T) {
	for _, capacity := range []int{1, 3, 300} {
		t.Run(fmt.Sprint(capacity), func(t *testing.T) {
			_, q, path := queueOf(t, capacity)
			p := openQueue(t, path)
			p.want(empty, "tryget")
			p.want(timedOut, "timedget", 1)
			for round := range uint64(3) {
				for n := range uint64(capacity) {
					if (n+round)%2 == 0 {
						p.want(ok, "put", 1, n)
					} else {
						need(t, q.TryPut(messageOf(1, n)))
					}
				}
				p.want(noRoom, "tryput", 1, 0)
				p.want(timedOut, "timedput", 1, 0, 1)
				if err := q.TryPut(message{}); !errors.Is(err, ring.ErrFull) {
					t.Fatal(err)
				}
				p.says(fmt.Sprintf("%d of %d", capacity, capacity), "len")
				for n := range uint64(capacity) {
					if (n+round)%3 == 0 {
						if m, err := q.TryGet(); err != nil || m != messageOf(1, n) {
							t.Fatalf("%+v %v, want %d", m, err, n)
						}
						continue
					}
					p.says(fmt.Sprintf("1 %d", n), "get")
				}
			}
			p.says(fmt.Sprintf("0 of %d", capacity), "len")
			if info := q.Info(); info.HighWater != capacity || info.Puts != uint64(3*capacity) || info.Gets != info.Puts {
				t.Errorf("%+v", info)
			}
			p.want(eType, "small")
		})
	}
}

// A message that C gives back goes to Go ahead of newer ones, with its count, and the
// other way round.
func TestQueueLeases(t *testing.T) {
	_, q, path := queueOf(t, 4)
	p := openQueue(t, path)
	need(t, q.Put(messageOf(1, 1)))
	need(t, q.Put(messageOf(1, 2)))
	p.says("1 1 0", "lease")
	p.says("1 of 4", "len")
	p.want(ok, "nack")
	p.want(perm, "nack")
	p.want(perm, "ack")
	l, err := q.TryLease()
	if err != nil || *l.Value != messageOf(1, 1) || l.Deliveries() != 1 {
		t.Fatalf("%v %v", l, err)
	}
	need(t, l.Nack())
	p.says("1 1 2", "trylease")
	p.want(ok, "ack")
	p.says("1 2 0", "timedlease", 1000)
	p.want(ok, "ack")
	p.want(empty, "trylease")
	if n := q.Info().Redelivered; n != 2 {
		t.Errorf("redelivered %d, want 2", n)
	}
}

// Loans: what is filled in place is published, or abandoned; there are as many as blocks.
func TestQueueLoans(t *testing.T) {
	_, q, path := queueOf(t, 1)
	p := openQueue(t, path)
	p.want(ok, "loan")
	p.want(ok, "fill", 2, 7)
	p.want(empty, "tryget")
	need(t, q.Put(messageOf(1, 1)))
	p.want(noRoom, "trypublish")
	p.want(timedOut, "timedpublish", 1)
	if m, err := q.Get(); err != nil || m != messageOf(1, 1) {
		t.Fatal(m, err)
	}
	p.want(ok, "publish")
	p.want(perm, "publish")
	p.want(perm, "abandon")
	if m, err := q.Get(); err != nil || m != messageOf(2, 7) {
		t.Fatal(m, err)
	}
	for range 65 {
		p.want(ok, "tryloan")
	}
	p.want(noRoom, "tryloan")
	p.want(timedOut, "timedloan", 1)
	if _, err := q.TryLoan(); !errors.Is(err, ring.ErrFull) {
		t.Fatal(err)
	}
	p.want(ok, "abandon")
	l, err := q.TryLoan()
	need(t, err)
	need(t, l.Abandon())
	p.want(ok, "tryloan")
	p.want(ok, "release") // and with it all loans
	p.want(eClosed, "abandon")
	p.want(ok, "find", "queue")
	p.want(perm, "abandon") // it is somebody else's by now
	p.want(perm, "publish")
	p.want(ok, "release")
	for range 65 {
		if _, err := q.TryLoan(); err != nil {
			t.Fatal(err)
		}
	}
}

// Whoever closes the queue, both worlds drain it and then see its end.
func TestQueueClose(t *testing.T) {
	for _, byC := range []bool{true, false} {
		_, q, path := queueOf(t, 2)
		p, waiter := openQueue(t, path), openQueue(t, path)
		need(t, q.Put(messageOf(1, 1)))
		p.says("1 1 0", "lease")
		need(t, q.Put(messageOf(1, 2)))
		if byC {
			p.want(ok, "close")
			p.want(ok, "close")
		} else {
			need(t, q.Close())
		}
		p.want(atEnd, "put", 1, 3)
		p.want(atEnd, "loan")
		if err := q.Put(message{}); !errors.Is(err, ring.ErrClosed) {
			t.Error(err)
		}
		waiter.says("1 2", "get")
		waiter.send("get") // what is leased may come back
		if m, err := q.TryGet(); !errors.Is(err, ring.ErrEmpty) {
			t.Error(m, err)
		}
		p.want(ok, "ack")
		waiter.wantAnswer(atEnd)
		p.want(atEnd, "tryget")
		if _, err := q.Get(); !errors.Is(err, ring.ErrClosed) {
			t.Error(err)
		}
	}
}

// C opens a queue that has no name by the text of its handle.
func TestQueueByText(t *testing.T) {
	_, q, path := queueOf(t, 2)
	q2, err := ring.New[message](1)
	need(t, err)
	defer q2.Detach()
	text, err := q2.MarshalText()
	need(t, err)
	p := startProgram(t, program(t, "queue"))
	p.want(ok, "text", string(text))
	p.want(ok, "put", 5, 6)
	if m, err := q2.Get(); err != nil || m != messageOf(5, 6) {
		t.Fatal(m, err)
	}
	p.want(ok, "release")
	p.want(eClosed, "get")
	for _, bad := range []string{"shmkit1", "shmkit1:00:1.1:/x", "shmkit2" + string(text[7:]), string(text[:40]), string(text) + "%zz"} {
		p.want(-22, "text", bad)
	}
	p.want(ok, "leave")
	named, err := q.MarshalText()
	need(t, err)
	p.want(ok, "open", path)
	p.want(eNotFound, "text", string(text)) // of another segment
	p.want(ok, "text", string(named))
	p.says("0 of 2", "len")
}

// C refuses a queue of other messages, and what is no queue.
func TestQueueTypes(t *testing.T) {
	seg, _, path := queueOf(t, 1)
	for name, make := range map[string]func() error{
		"number": func() error { _, err := ring.NewIn[uint64](seg, "number", 1); return err },
		"long":   func() error { _, err := ring.NewIn[[72]byte](seg, "long", 1); return err },
		"bytes":  func() error { _, err := ring.NewIn[[64]byte](seg, "bytes", 1); return err },
		"spsc":   func() error { _, err := ring.NewSPSCIn[message](seg, "spsc", 1); return err },
	} {
		need(t, make())
		p := startProgram(t, program(t, "queue"))
		p.want(ok, "open", path)
		want := eType
		if name == "bytes" {
			want = ok
		}
		p.want(want, "find", name)
		p.want(eNotFound, "find", "absent")
		p.want(eType, "find", "queue", "Q")
		p.want(ok, "find", "queue")
		p.says("T{Q:From:Q:N:(6)Q:Copy:}", "signature")
	}
	p := startProgram(t, program(t, "queue"))
	p.want(ok, "open", path, "readonly")
	p.want(ok, "find", "queue")
	p.want(perm, "put", 1, 1)
	p.want(perm, "tryget")
	p.want(perm, "loan")
	p.want(perm, "close")
	p.says("0 of 1", "len")
	p.want(ok, "release")
}

// A wait of each world ends by what the other one does; with futex_waitv and without.
func TestQueueWaits(t *testing.T) {
	for _, mode := range []string{"waitv", "nowaitv"} {
		seg, q, path := queueOf(t, 1)
		p := openQueue(t, path)
		if mode == "nowaitv" {
			p.want(ok, mode)
		}
		slot := p.slot()
		asleep := func(before uint64) {
			eventually(t, "never slept", func() bool { return sleepsOf(t, seg, slot) > before })
		}
		for n := range uint64(20) {
			before := sleepsOf(t, seg, slot)
			p.send("get")
			asleep(before)
			need(t, q.Put(messageOf(1, n)))
			if got := p.wantAnswer(ok); got != fmt.Sprintf("1 %d", n) {
				t.Fatal(got)
			}
			need(t, q.Put(messageOf(1, n)))
			before = sleepsOf(t, seg, slot)
			p.send("put", 2, n)
			asleep(before)
			got, err := q.Get()
			need(t, err)
			p.wantAnswer(ok)
			next, err := q.Get()
			if err != nil || got != messageOf(1, n) || next != messageOf(2, n) {
				t.Fatal(got, next, err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			m := make(chan message, 1)
			go func() { m <- must(q.GetContext(ctx)) }()
			eventually(t, "never slept", func() bool { return q.Info().Getting })
			p.want(ok, "put", 3, n)
			if got := <-m; got != messageOf(3, n) {
				t.Fatal(got)
			}
			cancel()
		}
	}
}

// Hints of long ago, which one who was stopped has put there, cost C a few looks.
func TestQueueOldHints(t *testing.T) {
	const capacity = 100_000
	seg, q, path := queueOf(t, capacity)
	list := make([]message, 1000)
	for range 2 * capacity / len(list) {
		must(q.PutN(list))
		must(q.GetN(list))
	}
	need(t, q.Put(messageOf(1, 1)))
	typ, err := shm.TypeOf[message]()
	need(t, err)
	o, err := seg.OpenObject("queue", shm.Spec{Kind: shm.KindQueue, Type: typ})
	need(t, err)
	defer o.Close()
	head := shm.Head[layout.QueueHead](o, 0)
	atomic.StoreUint64(&head.Head, 5)
	atomic.StoreUint64(&head.Tail, 7)
	p := openQueue(t, path)
	p.says(fmt.Sprintf("1 of %d", capacity), "len")
	p.want(ok, "put", 1, 2)
	p.says("1 1", "get")
	p.says("1 2", "get")
	p.want(empty, "tryget")
}

// One of each world waits for a block that the other one frees.
func TestQueueWaitsForBlock(t *testing.T) {
	seg, q, path := queueOf(t, 1)
	p := openQueue(t, path)
	slot := p.slot()
	loans := []*ring.Loan[message]{}
	for range 65 {
		loans = append(loans, must(q.TryLoan()))
	}
	for _, l := range loans[:10] {
		before := sleepsOf(t, seg, slot)
		p.send("loan")
		eventually(t, "never slept", func() bool { return sleepsOf(t, seg, slot) > before })
		need(t, l.Abandon())
		p.wantAnswer(ok)
		got := make(chan *ring.Loan[message], 1)
		go func() { got <- must(q.Loan()) }()
		eventually(t, "never waited", func() bool { return q.Info().Putting })
		p.want(ok, "abandon")
		<-got // and keeps it
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
