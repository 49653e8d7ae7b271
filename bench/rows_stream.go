package main

import (
	"fmt"

	"shmkit/ring"
)

const streamPeer = "Go channel between two goroutines"

// streamCapacity is that of the ring, and of the channel.
const streamCapacity = 1024

// parcel is a message of 64 bytes; the first word is its number.
type parcel [8]uint64

func streamRows() []benchmark {
	return []benchmark{
		{name: "spsc/64B", unit: "ns", scale: 1, peer: streamPeer, target: 0.5, start: spsc("one")},
		{name: "spsc/64B-batch", unit: "ns", scale: 1, peer: streamPeer, target: 0.5, start: spsc("many")},
	}
}

// streamBatch is how many messages the row with batches puts, and gets, at once.
const streamBatch = 64

// spsc: one process puts n messages, one or many at a time, another one gets them and
// looks at each. The cost is the wall time of a message.
func spsc(how string) func(l *lab) (contest, error) {
	return func(l *lab) (contest, error) {
		s, err := ring.NewSPSC[parcel](streamCapacity)
		if err != nil {
			return contest{}, err
		}
		l.later(func() { s.Detach() })
		text, err := s.MarshalText()
		if err != nil {
			return contest{}, err
		}
		ours, err := newPair([2]string{"producer", "consumer"}, func(me string) (*worker, error) {
			return l.child("spsc", me, how, string(text))
		})
		if err != nil {
			return contest{}, err
		}
		return between(ours.run, timed(channel()))
	}
}

func spscChild(args []string) (role, error) {
	s := new(ring.SPSC[parcel])
	if err := s.UnmarshalText([]byte(args[2])); err != nil {
		return nil, err
	}
	next, many := uint64(0), args[1] == "many"
	if args[0] == "producer" {
		p, err := s.Producer()
		put := send
		if many {
			put = sendMany
		}
		return func(n int) (string, error) { return "done", put(p, &next, n) }, err
	}
	c, err := s.Consumer()
	get := receive
	if many {
		get = receiveMany
	}
	return func(n int) (string, error) { return "done", get(c, &next, n) }, err
}

func send(p *ring.Producer[parcel], next *uint64, n int) error {
	for range n {
		if err := p.Put(parcel{*next}); err != nil {
			return err
		}
		*next++
	}
	return nil
}

func sendMany(p *ring.Producer[parcel], next *uint64, n int) error {
	batch := make([]parcel, streamBatch)
	for n > 0 {
		k := min(n, len(batch))
		for i := range k {
			batch[i][0] = *next
			*next++
		}
		if _, err := p.PutN(batch[:k]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

func receive(c *ring.Consumer[parcel], next *uint64, n int) error {
	for range n {
		m, err := c.Get()
		if err == nil {
			err = follows(&m, next)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func receiveMany(c *ring.Consumer[parcel], next *uint64, n int) error {
	batch := make([]parcel, streamBatch)
	for n > 0 {
		k, err := c.GetN(batch[:min(n, len(batch))])
		if err != nil {
			return err
		}
		for i := range k {
			if err := follows(&batch[i], next); err != nil {
				return err
			}
		}
		n -= k
	}
	return nil
}

// follows looks at a message, which must be the next one.
func follows(m *parcel, next *uint64) error {
	if m[0] != *next {
		return fmt.Errorf("%w: message %d, want %d", errLost, m[0], *next)
	}
	*next++
	return nil
}

// channel sends n messages from one goroutine to another.
func channel() func(n int) {
	c := make(chan parcel, streamCapacity)
	return func(n int) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for k := range uint64(n) {
				if m := <-c; m[0] != k {
					panic("bench: the channel loses messages")
				}
			}
		}()
		for k := range uint64(n) {
			c <- parcel{k}
		}
		<-done
	}
}
