package manager_test

import (
	"context"
	"testing"

	"shmkit/internal/wire"
	"shmkit/manager"
	"shmkit/pipe"
)

// FuzzConnection: whatever somebody sends after its greeting, or instead of it, the server
// goes on to serve others. The first bytes say how long the batches are.
func FuzzConnection(f *testing.F) {
	ctx := context.Background()
	s, err := manager.Serve("unix", "")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Shutdown(ctx) })
	other, err := manager.Dial(ctx, "unix", s.Address())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { other.Close() })
	m, err := manager.NewMutex(other)
	if err != nil {
		f.Fatal(err)
	}
	for _, batch := range someBatches() {
		f.Add(true, batch)
		f.Add(false, batch)
	}
	f.Fuzz(func(t *testing.T, greeted bool, data []byte) {
		conn, err := pipe.Dial(ctx, "unix", s.Address())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if greeted {
			data = append(append([]byte{uint8(len(hello()))}, hello()...), data...)
		}
		for len(data) > 1 {
			n := min(int(data[0]), len(data)-1)
			if conn.SendBytes(data[1:1+n]) != nil {
				break // it was cut off
			}
			data = data[1+n:]
		}
		conn.SendBytes(wire.Append(nil, &wire.Frame{Kind: wire.Goodbye}))
		for err == nil {
			_, err = conn.RecvBytes()
		}
		if err := m.Lock(); err != nil {
			t.Fatal(err)
		}
		if err := m.Unlock(); err != nil {
			t.Fatal(err)
		}
	})
}

func hello() []byte {
	return wire.Append(nil, &wire.Frame{Kind: wire.Hello, Session: 7, Body: wire.AppendGreeting(nil, &wire.Greeting{Limits: wire.DefaultLimits})})
}

// someBatches are such as clients send, each after its length.
func someBatches() (all [][]byte) {
	item := wire.AppendBytes(nil, wire.AppendInt64(nil, 5))
	for _, frames := range [][]wire.Frame{
		{{Kind: wire.Request, Call: 1, Method: wire.Create, Body: append(wire.AppendText([]byte{byte(wire.TypeValue)}, ""), item...)}, {Kind: wire.Ack, Call: 1}},
		{{Kind: wire.Request, Call: 1, Method: wire.Create, Body: wire.AppendText([]byte{byte(wire.TypeMutex)}, "")}, {Kind: wire.Ping, Call: 3}},
		{{Kind: wire.Request, Call: 1, Method: wire.MutexLock, Object: 2}, {Kind: wire.Cancel, Call: 1}},
		{{Kind: wire.Request, Call: 1, Method: wire.Objects}, {Kind: wire.Request, Method: wire.Release, Body: wire.AppendUint(nil, 1)}},
		{{Kind: wire.Grant, Object: 1}},
	} {
		var b []byte
		for i := range frames {
			b = wire.Append(b, &frames[i])
		}
		all = append(all, append([]byte{byte(len(b))}, b...))
	}
	return all
}
