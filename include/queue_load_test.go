package include_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"shmkit/ring"
)

// took is what consumers got: how many, and the sum of what each message mixes to.
type took struct{ count, sum atomic.Uint64 }

// consume takes until the end. Each producer's messages must come in order.
func (k *took) consume(q *ring.Queue[message]) error {
	next := map[uint64]uint64{}
	for n := 0; ; n++ {
		var m message
		var l *ring.Lease[message]
		var err error
		if n%3 != 0 {
			m, err = q.Get()
		} else if l, err = q.Lease(); err == nil {
			m = *l.Value
			err = l.Ack()
		}
		if errors.Is(err, ring.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if m != messageOf(m.From, m.N) || m.N < next[m.From] {
			return fmt.Errorf("got %+v after %d", m, next[m.From])
		}
		next[m.From] = m.N + 1
		k.count.Add(1)
		k.sum.Add(m.mixed())
	}
}

// consumedBy adds what a C process says that it took.
func (k *took) consumedBy(t *testing.T, p *peer) {
	t.Helper()
	var count, sum uint64
	if _, err := fmt.Sscan(p.wantAnswer(atEnd), &count, &sum); err != nil {
		t.Fatal(err)
	}
	k.count.Add(count)
	k.sum.Add(sum)
}

// load lets producers and consumers of both worlds use one queue, and compares what was
// taken with what was put.
func load(t *testing.T, capacity int, each uint64, goPuts, cPuts, goGets, cGets int) {
	t.Helper()
	_, q, path := queueOf(t, capacity)
	var k took
	var producers, consumers sync.WaitGroup
	var peers, eaters []*peer
	for range cGets {
		p := openQueue(t, path)
		p.send("consume")
		eaters = append(eaters, p)
	}
	for range goGets {
		consumers.Go(func() {
			if err := k.consume(q); err != nil {
				t.Error(err)
				q.Close()
			}
		})
	}
	for i := range cPuts {
		p := openQueue(t, path)
		p.send("produce", goPuts+i, each)
		peers = append(peers, p)
	}
	for i := range uint64(goPuts) {
		producers.Go(func() {
			for n := range each {
				if err := q.Put(messageOf(i, n)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	producers.Wait()
	for _, p := range peers {
		p.wantAnswer(ok)
	}
	need(t, q.Close())
	for _, p := range eaters {
		k.consumedBy(t, p)
	}
	consumers.Wait()
	var sum uint64
	for i := range uint64(goPuts + cPuts) {
		for n := range each {
			sum += messageOf(i, n).mixed()
		}
	}
	if want := each * uint64(goPuts+cPuts); k.count.Load() != want || k.sum.Load() != sum {
		t.Errorf("%d messages, sum %#x; want %d, %#x", k.count.Load(), k.sum.Load(), want, sum)
	}
	if n := q.Len(); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// Go and C at one queue under load, in each direction and in both: nothing is lost,
// doubled or torn, and each consumer sees each producer's messages in order.
//
// conformance: Q-15
func TestQueueUnderLoad(t *testing.T) {
	each := uint64(20000)
	if testing.Short() {
		each = 2000
	}
	for _, tt := range []struct {
		name                         string
		goPuts, cPuts, goGets, cGets int
	}{
		{"C to Go", 0, 1, 1, 0},
		{"Go to C", 1, 0, 0, 1},
		{"C to C", 0, 2, 0, 2},
		{"all to all", 2, 2, 2, 2},
	} {
		for _, capacity := range []int{1, 7, 1024} {
			t.Run(fmt.Sprintf("%s, %d", tt.name, capacity), func(t *testing.T) {
				load(t, capacity, each, tt.goPuts, tt.cPuts, tt.goGets, tt.cGets)
			})
		}
	}
}
