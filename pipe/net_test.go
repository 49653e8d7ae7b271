package pipe_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/pipe"
)

// families that there are, and addresses that are free.
var families = []struct {
	name    string
	address func(t testing.TB) string
}{
	{"unix", func(t testing.TB) string { return filepath.Join(t.TempDir(), "s") }},
	{"tcp", func(t testing.TB) string { return "127.0.0.1:0" }},
	{"shm", func(t testing.TB) string { return filepath.Join(t.TempDir(), "s") }},
}

// eachFamily runs a test for each family of addresses.
func eachFamily(t *testing.T, test func(t *testing.T, family, address string)) {
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) { test(t, f.name, f.address(t)) })
	}
}

func eachSocket(t *testing.T, test func(t *testing.T, family, address string)) {
	for _, f := range families[:2] {
		t.Run(f.name, func(t *testing.T) { test(t, f.name, f.address(t)) })
	}
}

func listen(t testing.TB, family, address string, opts ...pipe.Option) *pipe.Listener {
	t.Helper()
	l, err := pipe.Listen(family, address, opts...)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

func dial(t testing.TB, l *pipe.Listener, opts ...pipe.Option) *pipe.Conn {
	t.Helper()
	c, err := pipe.Dial(t.Context(), l.Family(), l.Address(), opts...)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func accept(t testing.TB, l *pipe.Listener) *pipe.Conn {
	t.Helper()
	c, err := l.Accept()
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// connected gives both ends of a connection.
func connected(t testing.TB, family, address string, opts ...pipe.Option) (server, client *pipe.Conn) {
	t.Helper()
	l := listen(t, family, address, opts...)
	client = dial(t, l, opts...)
	return accept(t, l), client
}

// rawTo connects a socket that speaks no frames.
func rawTo(t testing.TB, l *pipe.Listener) net.Conn {
	t.Helper()
	network := strings.Replace(l.Family(), "shm", "unix", 1)
	c, err := net.Dial(network, l.Address())
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func expectBytes(t testing.TB, c *pipe.Conn, want string) {
	t.Helper()
	b, err := c.RecvBytes()
	must(t, err)
	if string(b) != want {
		t.Fatalf("received %.40q (%d bytes), want %.40q (%d bytes)", b, len(b), want, len(want))
	}
}

// Messages of all sizes around those of the buffers come as they were sent, and stay
// apart, whether they were there before or are waited for.
// conformance: CN-13, CN-15
func TestMessagesOfEachFamily(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		server, client := connected(t, family, address)
		sizes := []int{0, 1, 3, 4, 16371, 16372, 16373, 16376, 16380, 16384, 0, 65532, 65536, 65537, 1 << 20, 16 << 20}
		go func() {
			for _, n := range sizes {
				if err := client.SendBytes(bytes.Repeat([]byte{byte(n%251 + 1)}, n)); err != nil {
					t.Error(err)
				}
			}
		}()
		for _, n := range sizes {
			if ok, err := server.Poll(time.Hour); !ok || err != nil {
				t.Fatal("Poll: ", ok, err)
			}
			expectBytes(t, server, strings.Repeat(string([]byte{byte(n%251 + 1)}), n))
		}
		if ok, err := server.Poll(0); ok || err != nil {
			t.Error("Poll with nothing there: ", ok, err)
		}
		must(t, server.Send(map[string]int{"one": 1}))
		m, err := pipe.Recv[map[string]int](client)
		must(t, err)
		if m["one"] != 1 {
			t.Error(m)
		}
	})
}

// Many short messages that lie in the buffer together are taken one by one.
func TestShortMessagesStayApart(t *testing.T) {
	shmWatch(t)
	eachSocket(t, func(t *testing.T, family, address string) {
		server, client := connected(t, family, address)
		var b strings.Builder
		for range 3000 {
			must(t, client.SendBytes([]byte(b.String())))
			if expectBytes(t, server, b.String()); b.Len() > 700 {
				b.Reset()
			}
			b.WriteByte('x')
		}
		go func() {
			for n := range 2000 {
				if err := client.SendBytes(make([]byte, n%40)); err != nil {
					t.Error(err)
				}
			}
		}()
		for n := range 2000 {
			expectBytes(t, server, string(make([]byte, n%40)))
		}
	})
}

// The other end gets what was sent, and then io.EOF; who sends to nobody is told.
func TestEndOfConnection(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		server, client := connected(t, family, address)
		must(t, client.SendBytes([]byte("last")))
		must(t, client.CloseWrite())
		is(t, "send after CloseWrite", client.SendBytes(nil), pipe.ErrClosed)
		expectBytes(t, server, "last")
		for range 2 {
			_, err := server.RecvBytes()
			is(t, "receive after the end", err, io.EOF)
			if ok, err := server.Poll(0); !ok || err != nil {
				t.Error("Poll at the end: ", ok, err)
			}
		}
		must(t, server.SendBytes([]byte("back")))
		expectBytes(t, client, "back")
		must(t, client.Close())
		for err := error(nil); ; err = server.SendBytes([]byte("more")) {
			if err != nil {
				is(t, "send to nobody", err, pipe.ErrPeerGone)
				break
			}
		}
		_, err := client.RecvBytes()
		is(t, "receive after Close", err, pipe.ErrClosed)
		is(t, "send after Close", client.SendBytes(nil), pipe.ErrClosed)
		is(t, "second Close", client.Close(), pipe.ErrClosed)
	})
}

// Close wakes those who wait.
func TestCloseWakesEachFamily(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		server, client := connected(t, family, address)
		failed := make(chan error, 2)
		go func() { _, err := server.RecvBytes(); failed <- err }()
		go func() {
			for {
				if err := server.SendBytes(make([]byte, 1<<16)); err != nil {
					failed <- err
					return
				}
			}
		}()
		_, err := client.RecvBytes() // the sender is at work
		must(t, err)
		must(t, server.Close())
		for range 2 {
			is(t, "who waited", <-failed, pipe.ErrClosed)
		}
	})
}

// A context that ends, or a deadline, takes nothing from who receives: also not from a
// message of which a part has come.
func TestDeadlinesLoseNothing(t *testing.T) {
	shmWatch(t)
	eachSocket(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address)
		raw := rawTo(t, l)
		server := accept(t, l)
		var frame []byte
		for _, n := range []int{5, 17000, 200000} {
			frame = append(frame, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
			frame = append(frame, bytes.Repeat([]byte{byte(n)}, n)...)
		}
		steps := []int{1, 3, 4, 6, 9, 10, 13, 500, 17016, 17017, 17020, 100000, len(frame) - 1, len(frame)}
		sent, got := 0, 0
		for _, to := range steps {
			_, err := raw.Write(frame[sent:to])
			must(t, err)
			sent = to
			for {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Millisecond, errPatience)
				b, err := server.RecvBytesContext(ctx)
				cancel()
				if err == nil {
					got++
					if n := []int{0, 5, 17000, 200000}[got]; len(b) != n || b[n-1] != byte(n) {
						t.Fatalf("message %d has %d bytes", got, len(b))
					}
					continue
				}
				if is(t, "half of a message", err, errPatience); err != errPatience {
					t.FailNow()
				}
				break
			}
		}
		if got != 3 {
			t.Fatalf("got %d messages", got)
		}
		must(t, server.SetReadDeadline(time.Now().Add(time.Millisecond)))
		_, err := server.RecvBytes()
		is(t, "RecvBytes after the deadline", err, os.ErrDeadlineExceeded)
		must(t, server.SetReadDeadline(time.Time{}))
		_, err = raw.Write([]byte("\x00\x00\x00\x02ok"))
		must(t, err)
		expectBytes(t, server, "ok")
	})
}

var errPatience = errors.New("patience is over")

// Who sends and must give up in the middle of a message is told that nothing more can be
// sent, and the stream ends there.
func TestCutMessage(t *testing.T) {
	shmWatch(t)
	eachSocket(t, func(t *testing.T, family, address string) {
		ln, err := net.Listen(family, address)
		must(t, err)
		defer ln.Close()
		client, err := pipe.Dial(t.Context(), family, ln.Addr().String())
		must(t, err)
		defer client.Close()
		raw, err := ln.Accept()
		must(t, err)
		defer raw.Close()
		ctx, cancel := context.WithCancelCause(t.Context())
		cut := make(chan error)
		go func() { cut <- client.SendBytesContext(ctx, make([]byte, 64<<20)) }()
		_, err = io.ReadFull(raw, make([]byte, 10)) // it is in the middle
		must(t, err)
		cancel(errPatience)
		err = <-cut
		is(t, "cut", err, pipe.ErrCut)
		is(t, "cut", err, errPatience)
		is(t, "after the cut", client.SendBytes(nil), pipe.ErrCut)
		if rest, err := io.ReadAll(raw); err != nil || len(rest) >= 64<<20 {
			t.Errorf("the rest: %d bytes, %v", len(rest), err)
		}
		_, err = raw.Write([]byte("\x00\x00\x00\x05still"))
		must(t, err)
		expectBytes(t, client, "still")
	})
}

// A message that ends in the middle is none, wherever the middle is.
func TestHalfOfAMessage(t *testing.T) {
	shmWatch(t)
	eachSocket(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address)
		for _, half := range []string{"\x00", "\x00\x00\x00", "\x00\x00\x00\x01", "\x00\x00\x00\x03ab", "\xff\xff\xff\xff",
			"\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00", "\x00\x01\x00\x00" + strings.Repeat("x", 65535)} {
			raw := rawTo(t, l)
			server := accept(t, l)
			_, err := raw.Write([]byte("\x00\x00\x00\x05whole" + half))
			must(t, err)
			must(t, raw.Close())
			expectBytes(t, server, "whole")
			for range 2 {
				_, err := server.RecvBytes()
				is(t, "half of a message", err, io.ErrUnexpectedEOF)
			}
		}
	})
}

// Before anything was written a context ends without harm.
func TestContextBeforeSend(t *testing.T) {
	shmWatch(t)
	eachSocket(t, func(t *testing.T, family, address string) {
		server, client := connected(t, family, address)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errPatience)
		is(t, "ended context", client.SendBytesContext(ctx, []byte("no")), errPatience)
		must(t, client.SendBytes([]byte("yes")))
		expectBytes(t, server, "yes")
	})
}

// A message that is too long is not sent, and one that is announced is not waited for.
func TestTooLong(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address, pipe.WithMaxMessage(1000))
		client := dial(t, l, pipe.WithMaxMessage(2000))
		server := accept(t, l)
		err := client.SendBytes(make([]byte, 2001))
		var long *pipe.TooLongError
		if !errors.As(err, &long) || long.Size != 2001 || long.Max != 2000 {
			t.Error(err)
		}
		must(t, client.SendBytes(make([]byte, 1000)))
		must(t, client.SendBytes(make([]byte, 1001)))
		_, err = server.RecvBytesMax(999)
		is(t, "RecvBytesMax", err, pipe.ErrTooShort)
		expectBytes(t, server, string(make([]byte, 1000)))
		for range 2 {
			_, err = server.RecvBytes()
			if is(t, "too long", err, pipe.ErrTooLong); !errors.As(err, &long) || long.Size != 1001 || long.Max != 1000 {
				t.Error(err)
			}
		}
		must(t, server.SendBytes([]byte("still")))
		expectBytes(t, client, "still")
	})
}

// The process at the other end is killed, with something that it had not read.
func TestKilledPeer(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address)
		p := startPeer(t, l)
		server := accept(t, l)
		p.Send("send one")
		p.Expect("<nil>")
		must(t, server.SendBytes([]byte("unread")))
		p.Kill()
		b, err := server.RecvBytes()
		if err == nil && string(b) == "one" {
			_, err = server.RecvBytes()
		}
		if family == "tcp" && errors.Is(err, syscall.ECONNRESET) {
			return // all that tcp tells
		}
		is(t, "receive from the dead", err, io.EOF)
	})
}

// A process that is killed in the middle of a message: what came before is whole, and half
// of a message is none.
func TestKilledInTheMiddle(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address)
		for n := range 5 {
			p := startPeer(t, l)
			server := accept(t, l)
			p.Send("flood")
			p.Expect("floods")
			for range n {
				expectBytes(t, server, string(make([]byte, 300000)))
			}
			p.Kill()
			for {
				b, err := server.RecvBytes()
				if err == nil && len(b) == 300000 {
					continue
				}
				if err != io.EOF && err != io.ErrUnexpectedEOF {
					t.Errorf("%d bytes, %v", len(b), err)
				}
				break
			}
			must(t, server.Close())
		}
	})
}

// conformance: FAM-01
func TestFamiliesAndAddresses(t *testing.T) {
	for _, family := range []string{"", "AF_PIPE", "udp"} {
		_, err := pipe.Listen(family, "x")
		is(t, "Listen "+family, err, pipe.ErrFamily)
		_, err = pipe.Dial(t.Context(), family, "x")
		is(t, "Dial "+family, err, pipe.ErrFamily)
	}
	long := "/" + strings.Repeat("x", 107)
	for _, a := range [][2]string{{"unix", long}, {"shm", long}, {"unix", "a\x00b"}, {"shm", "@x"}, {"shm", ".x"}, {"tcp", "localhost"}} {
		_, err := pipe.Listen(a[0], a[1])
		is(t, "Listen", err, pipe.ErrAddress)
		_, err = pipe.Dial(t.Context(), a[0], a[1])
		is(t, "Dial", err, pipe.ErrAddress)
	}
	for _, a := range [][2]string{{"unix", ""}, {"shm", ""}, {"tcp", ""}, {"tcp", "nowhere"}} {
		_, err := pipe.Dial(t.Context(), a[0], a[1])
		is(t, "Dial", err, pipe.ErrAddress)
	}
}
