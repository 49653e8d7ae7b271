package main

import (
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"time"

	"shmkit/pipe"
)

// pause is how long the other end is left alone before it gets a message, so that it
// sleeps by then. Who sends sleeps meanwhile, in a system call of its own thread, in Go as
// in C: a timer of Go would wake a second thread of the process at its end, which looks for
// work on the processor that the other end is about to need.
const pause = 500 * time.Microsecond

// placing is on which processors the two ends of both sides are: the kernel often leaves
// one side's two on one processor, where they switch, and the other side's on two, where each
// wake-up has to reach another processor that is at rest. Those are different things.
type placing []string

var (
	anywhere = placing{}
	together = placing{"0", "0"} // of those that the kernel allows
	apart    = placing{"0", "1"}
)

// of is the argument for one of the ends.
func (p placing) of(end int) []string {
	if len(p) == 0 {
		return nil
	}
	return p[end : end+1]
}

func parkedRow(name, peer string, target float64, start func(l *lab) (contest, error)) benchmark {
	return benchmark{name: name, unit: "µs", scale: 1e3, peer: peer, target: target, samples: 301, start: start}
}

// parkedPipe are two children: one asks over a pipe, the other one answers.
func (l *lab) parkedPipe(p placing) (*worker, error) {
	a, b, err := pipe.New(true)
	if err != nil {
		return nil, err
	}
	l.later(func() {
		a.Close()
		b.Close()
	})
	ends := [2]*pipe.Conn{a, b}
	return l.asker("ask", "echo", p, func(end int) (string, error) {
		text, err := ends[end].MarshalText()
		return string(text), err
	})
}

// asker starts two children, the one who asks first, and gives it.
func (l *lab) asker(ask, echo string, p placing, arg func(end int) (string, error)) (*worker, error) {
	var pair [2]*worker
	for end, role := range [2]string{ask, echo} {
		text, err := arg(end)
		if err != nil {
			return nil, err
		}
		if pair[end], err = l.child(role, append([]string{text}, p.of(end)...)...); err != nil {
			return nil, err
		}
	}
	return pair[0], nil
}

// parkedNextTo: a message of 8 bytes to a process that sleeps, and back, next to what peer
// does for it. The cost is the time from send to answer.
func parkedNextTo(p placing, peer func(l *lab) (*worker, error)) func(l *lab) (contest, error) {
	return func(l *lab) (contest, error) {
		if err := p.possible(); err != nil {
			return contest{}, err
		}
		ours, err := l.parkedPipe(p)
		if err != nil {
			return contest{}, err
		}
		theirs, err := peer(l)
		if err != nil {
			return contest{}, err
		}
		return between(ours.run, theirs.run)
	}
}

func parkedFutex(p placing) func(l *lab) (contest, error) {
	return parkedNextTo(p, func(l *lab) (*worker, error) {
		program, err := l.compile("futex.c")
		if err != nil {
			return nil, err
		}
		return l.work(exec.Command(program, append([]string{filepath.Join(l.dir, "futex-shared")}, p.numbers()...)...))
	})
}

func parkedSocket(p placing) func(l *lab) (contest, error) {
	return parkedNextTo(p, func(l *lab) (*worker, error) {
		path := filepath.Join(l.dir, "echo.sock")
		return l.asker("ask-socket", "echo-socket", p, func(int) (string, error) { return path, nil })
	})
}

// parked is a trip to one who sleeps.
func (t *trips) parked() (time.Duration, error) {
	nap(pause)
	begin := time.Now()
	err := t.one()
	return time.Since(begin), err
}

func askChild(args []string) (role, error) {
	c := new(pipe.Conn)
	if err := c.UnmarshalText([]byte(args[0])); err != nil {
		return nil, err
	}
	return costs(repeated(overPipe(c).parked)), pin(args[1:])
}

// askSocketChild listens: who answers comes next.
func askSocketChild(args []string) (role, error) {
	listener, err := net.Listen("unix", args[0])
	if err != nil {
		return nil, err
	}
	var c net.Conn
	t := &trips{
		send: func(b []byte) error { _, err := c.Write(b); return err },
		recv: func(b []byte) error { _, err := io.ReadFull(c, b); return err },
	}
	return costs(repeated(func() (_ time.Duration, err error) {
		if c == nil {
			if c, err = listener.Accept(); err != nil {
				return 0, err
			}
			listener.Close()
		}
		return t.parked()
	})), pin(args[1:])
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
	return still, pin(args[1:])
}
