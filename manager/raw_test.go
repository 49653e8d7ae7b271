package manager_test

import (
	"testing"
	"time"

	"shmkit/internal/wire"
	"shmkit/manager"
	"shmkit/pipe"
)

// raw is a connection to a server that sends whatever bytes a test wants.
type raw struct {
	t    testing.TB
	conn *pipe.Conn
}

// connect makes a connection, and sends nothing.
func connect(t testing.TB, family, address string) *raw {
	t.Helper()
	var options []pipe.Option
	if family == "tcp" {
		_, config, err := pipe.KeyTLS([]byte(testKeyText))
		must(t, err)
		options = append(options, pipe.WithTLS(config))
	} else {
		options = append(options, pipe.WithKey([]byte(testKeyText)))
	}
	conn, err := pipe.Dial(background, family, address, options...)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	return &raw{t, conn}
}

// greet is connect, and a greeting.
func greet(t testing.TB, family, address string) *raw {
	t.Helper()
	r := connect(t, family, address)
	r.hello(wire.DefaultLimits)
	if f := r.recv(); f.Kind != wire.Welcome {
		t.Fatalf("the answer to Hello is %+v", f)
	}
	return r
}

func (r *raw) hello(limits wire.Limits) {
	r.t.Helper()
	r.send(wire.Frame{Kind: wire.Hello, Session: uint64(time.Now().UnixNano()), Body: wire.AppendGreeting(nil, &wire.Greeting{Limits: limits})})
}

// send sends frames as one batch.
func (r *raw) send(frames ...wire.Frame) {
	r.t.Helper()
	var b []byte
	for i := range frames {
		b = wire.Append(b, &frames[i])
	}
	must(r.t, r.conn.SendBytes(b))
}

// recv receives a batch of one frame.
func (r *raw) recv() wire.Frame {
	r.t.Helper()
	b, err := r.conn.RecvBytes()
	must(r.t, err)
	f, rest, err := wire.Cut(b, wire.MaxFrame)
	must(r.t, err)
	if len(rest) > 0 {
		r.t.Fatalf("%d bytes follow %+v", len(rest), f)
	}
	return f
}

// refusal receives until the server has hung up, and gives the reason that it gave.
func (r *raw) refusal() *wire.Fault {
	r.t.Helper()
	var why *wire.Fault
	for {
		b, err := r.conn.RecvBytes()
		if err != nil {
			if why == nil {
				r.t.Fatalf("the server hung up without a word: %v", err)
			}
			return why
		}
		for len(b) > 0 {
			var f wire.Frame
			f, b, err = wire.Cut(b, wire.MaxFrame)
			must(r.t, err)
			if f.Kind == wire.Failure && f.Call == 0 {
				why, err = wire.ReadFault(f.Body)
				must(r.t, err)
			}
		}
	}
}

const testKeyText = "a key of 32 bytes, as there are."

// testKey is that of all worlds: helpers have no key in common else.
var testKey = manager.WithKey([]byte(testKeyText))
