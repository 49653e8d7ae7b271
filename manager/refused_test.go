package manager_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"shmkit/internal/wire"
	"shmkit/manager"
	"shmkit/pipe"
)

// A frame that is none, or of which a client must not send any, ends its connection, with a
// word that says why. Others do not notice.
func TestBadFrames(t *testing.T) {
	request := wire.Append(nil, &wire.Frame{Kind: wire.Request, Call: 1, Method: wire.Objects})
	changed := func(at int, b ...byte) []byte {
		return append(append(append([]byte(nil), request[:at]...), b...), request[at+len(b):]...)
	}
	frames := []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"an empty batch and garbage", []byte("GET / HTTP/1.1\r\nHost: there, where no web server is\r\n\r\n"), "length is"},
		{"less than a header", request[:wire.HeaderLen-1], "a header of 40 bytes"},
		{"a length that is too short", changed(0, 3, 0, 0, 0), "at least 36"},
		{"a length beyond the limit", changed(0, 0xff, 0xff, 0xff, 0xff), "at most"},
		{"a length beyond the batch", changed(0, 0xff, 0, 0, 0), "the 36 bytes that are there"},
		{"another version", changed(4, 99), "version is 99"},
		{"a second greeting", changed(5, byte(wire.Hello)), "one that a client sends"},
		{"an answer", changed(5, byte(wire.Reply)), "one that a client sends"},
		{"a record of a log", changed(5, byte(wire.Expire)), "one that a client sends"},
		{"no kind at all", changed(5, 200), "kind is 200"},
	}
	eachServer(t, func(t *testing.T, family string) {
		s := serve(t, family, "")
		v, err := manager.NewValue(client(t, s), "x")
		must(t, err)
		for _, f := range frames {
			r := greet(t, family, s.Address())
			must(t, r.conn.SendBytes(f.bytes))
			if why := r.refusal(); why.Code != wire.CodeBadFrame || !strings.Contains(why.Text, f.want) {
				t.Errorf("%s: code %d, %q; want %q", f.name, why.Code, why.Text, f.want)
			}
			if _, err := v.Load(); err != nil {
				t.Errorf("%s: another client: %v", f.name, err)
			}
		}
	})
}

// What comes before a greeting, or in its place, is refused.
func TestBadGreetings(t *testing.T) {
	hello := wire.Frame{Kind: wire.Hello, Session: 1, Body: wire.AppendGreeting(nil, &wire.Greeting{Limits: wire.DefaultLimits})}
	with := func(change func(f *wire.Frame)) []byte {
		f := hello
		change(&f)
		return wire.Append(nil, &f)
	}
	small := wire.AppendGreeting(nil, &wire.Greeting{Limits: wire.Limits{Frame: 100, Calls: 1}})
	frames := []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"a request", with(func(f *wire.Frame) { f.Kind = wire.Request }), "kind of the first frame"},
		{"no session", with(func(f *wire.Frame) { f.Session = 0 }), "kind of the first frame"},
		{"a body that is none", with(func(f *wire.Frame) { f.Body = f.Body[1:] }), "bad body"},
		{"limits of nothing", with(func(f *wire.Frame) { f.Body = small }), "nothing can be done"},
		{"more behind it", append(with(func(*wire.Frame) {}), "more"...), "none before Welcome"},
		{"garbage", []byte("\x80\x04\x95 a pickle of some other protocol, longer than a header"), "length is"},
	}
	eachServer(t, func(t *testing.T, family string) {
		s := serve(t, family, "")
		for _, f := range frames {
			r := connect(t, family, s.Address())
			must(t, r.conn.SendBytes(f.bytes))
			if why := r.refusal(); !strings.Contains(why.Text, f.want) {
				t.Errorf("%s: %q; want %q", f.name, why.Text, f.want)
			}
		}
		for manager.Clients(s) > 0 {
			time.Sleep(time.Millisecond)
		}
	})
}

// A batch, or a message, that is longer than the longest frame is refused before there is
// memory for it.
func TestTooLong(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		s := serve(t, family, "", manager.WithLimits(manager.Limits{Frame: 64 << 10}))
		r := greet(t, family, s.Address())
		r.conn.SendBytes(make([]byte, 64<<10+1))
		if why := r.refusal(); why.Code != wire.CodeBadFrame || !strings.Contains(why.Text, "65537") {
			t.Errorf("a long message: %+v", why)
		}
		c := client(t, s)
		_, err := manager.NewValue(c, strings.Repeat("x", 64<<10))
		is(t, "a request that is too long", err, manager.ErrLimit)
		if _, err = manager.NewValue(c, "short"); err != nil {
			t.Errorf("after it: %v", err)
		}
	})
}

// A client that says nothing is cut off when its time is over, at every step.
func TestSilence(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		s := serve(t, family, "", manager.WithHandshakeTimeout(100*time.Millisecond))
		if why := connect(t, family, s.Address()).refusal(); why.Code != wire.CodeTimedOut || !strings.Contains(why.Text, "no greeting") {
			t.Errorf("%+v", why)
		}
		network := "unix"
		if family == "tcp" {
			network = "tcp"
		}
		for _, sent := range []string{"", "\x00", "\x00\x00\x00\x08half"} {
			c, err := net.Dial(network, s.Address())
			must(t, err)
			defer c.Close()
			c.Write([]byte(sent))
			if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("after %q: %v", sent, err)
			}
		}
	})
}

// Without the key nobody comes in, and is told so; nor does one with it who has no TLS.
func TestKeys(t *testing.T) {
	other := manager.WithKey([]byte("another key of 32 bytes, or more"))
	eachServer(t, func(t *testing.T, family string) {
		refused := make(chan error, 10)
		s := serve(t, family, "", manager.WithReport(func(_ string, err error) { refused <- err }))
		for what, setups := range map[string][]manager.Setup{"another key": {other}, "no key": nil, "no key and no TLS": {manager.Insecure()}} {
			_, err := manager.Dial(background, family, s.Address(), append(setups, manager.WithHandshakeTimeout(time.Second))...)
			if !errors.Is(err, pipe.ErrAuth) && !errors.Is(err, pipe.ErrTLS) {
				t.Errorf("%s: %v", what, err)
			}
			if err := <-refused; err == nil {
				t.Errorf("%s: the server does not say why", what)
			}
		}
		client(t, s)
	})
}

// Over tcp a key is needed unless the program says that none is.
func TestKeyOverTCP(t *testing.T) {
	s, err := manager.Serve("tcp", "") // the key of this process
	must(t, err)
	t.Cleanup(func() { s.Shutdown(background) })
	client(t, s)
	_, err = manager.Dial(background, "tcp", s.Address(), manager.WithKey([]byte("any other key of this length")))
	is(t, "a key that is not that of the process", err, pipe.ErrAuth)
	_, err = manager.Serve("tcp", "", manager.WithKey([]byte("short")))
	is(t, "a short key", err, pipe.ErrWeakKey)
	open, err := manager.Serve("tcp", "", manager.Insecure())
	must(t, err)
	t.Cleanup(func() { open.Shutdown(background) })
	c, err := manager.Dial(background, "tcp", open.Address(), manager.Insecure())
	must(t, err)
	must(t, c.Close())
	plain, err := manager.Serve("tcp", "", manager.Insecure(), testKey)
	must(t, err)
	t.Cleanup(func() { plain.Shutdown(background) })
	c, err = manager.Dial(background, "tcp", plain.Address(), manager.Insecure(), testKey)
	must(t, err)
	must(t, c.Close())
	_, err = manager.Dial(background, "tcp", plain.Address(), manager.Insecure(), manager.WithHandshakeTimeout(time.Second))
	is(t, "no key where one is wanted", err, pipe.ErrAuth)
}

// No more clients come in than may; when one has left, another does.
func TestMaxClients(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		s := serve(t, family, "", manager.WithMaxClients(2))
		a := client(t, s)
		client(t, s)
		_, err := s.Client(background)
		is(t, "one client too many", err, manager.ErrLimit)
		must(t, a.Close())
		for {
			c, err := s.Client(background)
			if err == nil {
				must(t, c.Close())
				return
			}
			is(t, "until the other has left", err, manager.ErrLimit)
		}
	})
}

// A connection that goes on with a session ends the one before.
func TestTakeOver(t *testing.T) {
	eachServer(t, func(t *testing.T, family string) {
		s := serve(t, family, "")
		hello := wire.Frame{Kind: wire.Hello, Session: 77, Body: wire.AppendGreeting(nil, &wire.Greeting{Limits: wire.DefaultLimits})}
		create := wire.AppendText([]byte{byte(wire.TypeMutex)}, "m")
		a := connect(t, family, s.Address())
		a.send(hello)
		a.recv()
		a.send(wire.Frame{Kind: wire.Request, Call: 1, Method: wire.Create, Body: create})
		created := a.recv()
		b := connect(t, family, s.Address())
		b.send(hello)
		if w, err := wire.ReadGreeting(b.recv().Body); err != nil || !w.Resumed {
			t.Errorf("%+v, %v", w, err)
		}
		if why := a.refusal(); why.Code != wire.CodeNoSession {
			t.Errorf("the first connection: %+v", why)
		}
		// The session lives: the call that is sent again gives what it gave.
		b.send(wire.Frame{Kind: wire.Request, Call: 1, Method: wire.Create, Body: create})
		if again := b.recv(); again.Kind != wire.Reply || binary.LittleEndian.Uint64(again.Body) != binary.LittleEndian.Uint64(created.Body) {
			t.Errorf("sent again: %+v, first %+v", again, created)
		}
	})
}

// A client cannot stop the server.
func TestStopDenied(t *testing.T) {
	s := serve(t, "shm", "")
	r := greet(t, "shm", s.Address())
	r.send(wire.Frame{Kind: wire.Request, Call: 1, Method: wire.Stop})
	f := r.recv()
	if why, err := wire.ReadFault(f.Body); f.Kind != wire.Failure || err != nil || why.Code != wire.CodeDenied {
		t.Errorf("%+v, %v", why, err)
	}
	client(t, s)
}
