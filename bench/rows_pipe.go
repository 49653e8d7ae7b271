package main

import (
	"encoding/binary"
	"fmt"
	"time"

	"shmkit/pipe"
)

const (
	futexPeer   = "FUTEX_WAKE, FUTEX_WAIT in C"
	socketPeer  = "unix socket, Go's net"
	channelPeer = "two Go channels, two goroutines"
)

func pipeRows() []benchmark {
	return []benchmark{
		parkedRow("pipe/rtt-parked", futexPeer, 1.3, parkedFutex(together)),
		parkedRow("pipe/rtt-parked-socket", socketPeer, 0.6, parkedSocket(together)),
		parkedRow("pipe/rtt-parked-apart", futexPeer, 0, parkedFutex(apart)),
		parkedRow("pipe/rtt-parked-apart-socket", socketPeer, 0, parkedSocket(apart)),
		parkedRow("pipe/rtt-parked-anywhere", futexPeer, 0, parkedFutex(anywhere)),
		{name: "pipe/rtt-spin", unit: "ns", scale: 1, peer: limitPeer, limit: 600, target: 1, start: spinning},
		{name: "pipe/rtt-spin-channels", unit: "ns", scale: 1, peer: channelPeer, start: spinningChannels},
	}
}

// echoed starts a child that sends back what it receives, and gives the other end.
func (l *lab) echoed() (*pipe.Conn, error) {
	a, b, err := pipe.New(true)
	if err != nil {
		return nil, err
	}
	l.later(func() {
		a.Close()
		b.Close()
	})
	text, err := b.MarshalText()
	if err != nil {
		return nil, err
	}
	_, err = l.child("echo", string(text))
	return a, err
}

func echoChild(args []string) (role, error) {
	c := new(pipe.Conn)
	if err := c.UnmarshalText([]byte(args[0])); err != nil {
		return nil, err
	}
	if err := pin(args[1:]); err != nil {
		return nil, err
	}
	go func() {
		var ball [8]byte
		for {
			if _, err := c.RecvInto(ball[:]); err != nil || c.SendBytes(ball[:]) != nil {
				return
			}
		}
	}()
	return still, nil
}

// trips sends numbers of 8 bytes and looks at what comes back.
type trips struct {
	next       uint64
	ball       [8]byte
	send, recv func([]byte) error
}

func overPipe(c *pipe.Conn) *trips {
	return &trips{send: c.SendBytes, recv: func(b []byte) error { _, err := c.RecvInto(b); return err }}
}

func (t *trips) one() error {
	t.next++
	binary.LittleEndian.PutUint64(t.ball[:], t.next)
	if err := t.send(t.ball[:]); err != nil {
		return err
	}
	if err := t.recv(t.ball[:]); err != nil {
		return err
	}
	if got := binary.LittleEndian.Uint64(t.ball[:]); got != t.next {
		return fmt.Errorf("%w: %d came back, want %d", errLost, got, t.next)
	}
	return nil
}

// spinning: the same without a pause, so that whoever waits finds the message while it
// spins, if it has a processor to do so.
func spinning(l *lab) (contest, error) {
	c, err := l.echoed()
	if err != nil {
		return contest{}, err
	}
	t := overPipe(c)
	return limited(func(n int) (float64, error) {
		begin := time.Now()
		for range n {
			if err := t.one(); err != nil {
				return 0, err
			}
		}
		return float64(time.Since(begin)), nil
	})
}

func spinningChannels(l *lab) (contest, error) {
	c, err := spinning(l)
	c.peer = timed(l.channels())
	return c, err
}

// channels sends n numbers from one goroutine to another, and back.
func (l *lab) channels() func(n int) {
	there, back := make(chan uint64), make(chan uint64)
	l.later(func() { close(there) })
	go func() {
		for k := range there {
			back <- k
		}
	}()
	return func(n int) {
		for k := range uint64(n) {
			there <- k
			if <-back != k {
				panic("bench: the channel loses messages")
			}
		}
	}
}
