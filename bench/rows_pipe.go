package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"time"

	"shmkit/pipe"
)

const (
	futexPeer   = "FUTEX_WAKE, FUTEX_WAIT in C"
	socketPeer  = "unix socket, Go's net"
	channelPeer = "two Go channels, two goroutines"
)

// pause is how long the other end is left alone before it gets a message, so that it
// sleeps by then.
const pause = 500 * time.Microsecond

func pipeRows() []benchmark {
	return []benchmark{
		{name: "pipe/rtt-parked", unit: "µs", scale: 1e3, peer: futexPeer, target: 1.3, samples: 301, start: parkedFutex},
		{name: "pipe/rtt-parked-socket", unit: "µs", scale: 1e3, peer: socketPeer, target: 0.6, samples: 301, start: parkedSocket},
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

// parked is a trip to one who sleeps.
func (t *trips) parked() (time.Duration, error) {
	time.Sleep(pause)
	begin := time.Now()
	err := t.one()
	return time.Since(begin), err
}

// parkedFutex: a message of 8 bytes to a process that sleeps, and back. The cost is the
// time from send to answer.
func parkedFutex(l *lab) (contest, error) {
	c, err := l.echoed()
	if err != nil {
		return contest{}, err
	}
	program, err := l.compile("futex.c")
	if err != nil {
		return contest{}, err
	}
	theirs, err := l.work(exec.Command(program, filepath.Join(l.dir, "futex-shared")))
	if err != nil {
		return contest{}, err
	}
	return between(repeated(overPipe(c).parked), theirs.run)
}

func parkedSocket(l *lab) (contest, error) {
	c, err := l.echoed()
	if err != nil {
		return contest{}, err
	}
	s, err := l.echoedSocket()
	if err != nil {
		return contest{}, err
	}
	theirs := &trips{
		send: func(b []byte) error { _, err := s.Write(b); return err },
		recv: func(b []byte) error { _, err := io.ReadFull(s, b); return err },
	}
	return between(repeated(overPipe(c).parked), repeated(theirs.parked))
}

// echoedSocket is echoed over a socket.
func (l *lab) echoedSocket() (net.Conn, error) {
	path := filepath.Join(l.dir, "echo.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	if _, err := l.child("echo-socket", path); err != nil {
		return nil, err
	}
	c, err := listener.Accept()
	if err == nil {
		l.later(func() { c.Close() })
	}
	return c, err
}

func echoSocketChild(args []string) (role, error) {
	c, err := net.Dial("unix", args[0])
	if err != nil {
		return nil, err
	}
	go func() {
		var ball [8]byte
		for {
			if _, err := io.ReadFull(c, ball[:]); err != nil {
				return
			}
			if _, err := c.Write(ball[:]); err != nil {
				return
			}
		}
	}()
	return still, nil
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
