package ring_test

import (
	"fmt"
	"testing"
	"time"

	"shmkit/internal/park"
	"shmkit/internal/shmtest"
	"shmkit/ring"
)

func init() { shmtest.Register("answer", beAnswering) }

// A consumer that sleeps has the producer fence for it, until that was for nothing for
// long.
func TestOften(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	s := newSPSC(t, 4)
	p, err := s.Producer()
	must(t, err)
	defer p.Detach()
	c, err := s.Consumer()
	must(t, err)
	defer c.Detach()
	n := uint64(0)
	for range 3 {
		got := make(chan error)
		before := sleepers()
		go func() { _, err := c.Get(); got <- err }()
		for sleepers() == before {
			time.Sleep(time.Millisecond)
		}
		if c.Often() != ring.Passes {
			t.Fatalf("asleep: often is %v", c.Often())
		}
		must(t, p.Put(messageOf(1, n)))
		must(t, <-got)
		for range ring.Seldom {
			n++
			must(t, p.Put(messageOf(1, n)))
			m, err := c.Get()
			must(t, err)
			if m != messageOf(1, n) {
				t.Fatalf("got %+v, want %d", m, n)
			}
		}
		if c.Often() {
			t.Fatalf("after %d items without a sleep: often is set", ring.Seldom)
		}
	}
}

func sleepers() int {
	own, shared := park.Sleepers()
	return own + shared
}

// beAnswering answers each burst of records with its length.
func beAnswering(c *shmtest.Child) {
	pair := new(ring.Pair)
	c.Must(pair.UnmarshalText([]byte(c.Args[0])))
	r, err := pair.Reader(0)
	c.Must(err)
	w, err := pair.Writer(1)
	c.Must(err)
	for c.Say("ready"); ; {
		b, err := r.Get(nil)
		c.Must(err)
		for i := range int(b[0]) {
			if b, err = r.Get(b[:0]); err != nil || b[0] != byte(i) {
				c.Must(fmt.Errorf("record %d is %v, %v", i, b, err))
			}
		}
		c.Must(w.Put(b))
	}
}

// Two ends that ask and answer, in bursts that are shorter and longer than it takes to
// forget that the other one sleeps, some answered at once and some after a while.
func TestAskAndAnswer(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	pair, err := ring.NewPairIn(segment(t), "", 64, 2) // a burst fills it, so both ends sleep
	must(t, err)
	defer pair.Detach()
	text, err := pair.MarshalText()
	must(t, err)
	child := shmtest.Start(t, "answer", string(text))
	child.Expect("ready")
	w, err := pair.Writer(0)
	must(t, err)
	defer w.Detach()
	r, err := pair.Reader(1)
	must(t, err)
	defer r.Detach()
	for round := range 300 {
		burst := round * 7 % (3 * ring.Seldom)
		must(t, w.Put([]byte{byte(burst)}))
		last := byte(burst)
		for i := range burst {
			last = byte(i)
			must(t, w.Put([]byte{last}))
		}
		if round%8 == 0 {
			time.Sleep(time.Millisecond) // mostly who waits is asleep then, else it spins
		}
		b, err := r.Get(nil)
		must(t, err)
		if len(b) != 1 || b[0] != last {
			t.Fatalf("the answer is %v, want %d", b, last)
		}
	}
}
