package pipe_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/rpc"
	"os"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

// What golang.org/x/net/nettest asks of a net.Conn, asked here.
func TestNetConn(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, a, b net.Conn){
		"Basic": netBasic, "PingPong": netPingPong, "Racy": netRacy, "PastTimeout": netPast,
		"PresentTimeout": netPresent, "FutureTimeout": netFuture, "CloseWakes": netClose,
		"Concurrent": netConcurrent, "Boundaries": netBoundaries,
	} {
		t.Run(name, func(t *testing.T) {
			shmtest.Watchdog(t, time.Minute)
			for _, room := range rooms {
				a, b := newEnds(t, true, room)
				test(t, a.NetConn(), b.NetConn())
			}
		})
	}
}

// A lot goes there and back through copies of different sizes.
func netBasic(t *testing.T, a, b net.Conn) {
	want := make([]byte, 1<<18)
	for i := range want {
		want[i] = byte(rand.Uint32())
	}
	var all sync.WaitGroup
	all.Go(func() {
		_, err := io.CopyBuffer(onlyWriter{a}, bytes.NewReader(want), make([]byte, 1000))
		must(t, err)
		must(t, a.(interface{ CloseWrite() error }).CloseWrite())
	})
	all.Go(func() {
		_, err := io.CopyBuffer(onlyWriter{b}, onlyReader{b}, make([]byte, 777))
		must(t, err)
		must(t, b.Close())
	})
	got, err := io.ReadAll(a)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	all.Wait()
}

type onlyWriter struct{ io.Writer }
type onlyReader struct{ io.Reader }

func netPingPong(t *testing.T, a, b net.Conn) {
	var all sync.WaitGroup
	play := func(c net.Conn) {
		var ball [8]byte
		for n := range 200 {
			_, err := io.ReadFull(c, ball[:])
			must(t, err)
			if int(ball[0]) != n {
				t.Errorf("ball %d, want %d", ball[0], n)
			}
			if c == a {
				ball[0]++
			}
			if n < 199 || c == b {
				_, err = c.Write(ball[:])
				must(t, err)
			}
		}
	}
	all.Go(func() { play(a) })
	all.Go(func() { play(b) })
	_, err := b.Write(make([]byte, 0))
	must(t, err)
	_, err = a.Write(make([]byte, 8))
	must(t, err)
	all.Wait()
}

// Many read and write at once, with deadlines that come and go.
func netRacy(t *testing.T, a, b net.Conn) {
	go io.Copy(onlyWriter{b}, onlyReader{b})
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range 10 {
				a.SetReadDeadline(time.Now().Add(time.Millisecond))
				_, err := a.Read(make([]byte, 1024))
				timeoutOrNil(t, err)
			}
		})
		all.Go(func() {
			for range 10 {
				a.SetWriteDeadline(time.Now().Add(time.Millisecond))
				_, err := a.Write(make([]byte, 1024))
				timeoutOrNil(t, err)
			}
		})
	}
	all.Wait()
}

func timeoutOrNil(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		isTimeout(t, err)
	}
}

func isTimeout(t *testing.T, err error) {
	t.Helper()
	var n net.Error
	if !errors.As(err, &n) || !n.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v is no timeout", err)
	}
}

func roundTrip(t *testing.T, c net.Conn) {
	t.Helper()
	must(t, c.SetDeadline(time.Time{}))
	_, err := c.Write([]byte{1, 2, 3})
	must(t, err)
	_, err = io.ReadFull(c, make([]byte, 3))
	must(t, err)
}

func netPast(t *testing.T, a, b net.Conn) {
	go io.Copy(onlyWriter{b}, onlyReader{b})
	roundTrip(t, a)
	must(t, a.SetDeadline(time.Unix(1, 0)))
	n, err := a.Write(make([]byte, 1024))
	if isTimeout(t, err); n != 0 {
		t.Errorf("%d bytes written", n)
	}
	n, err = a.Read(make([]byte, 1024))
	if isTimeout(t, err); n != 0 {
		t.Errorf("%d bytes read", n)
	}
	roundTrip(t, a)
}

func netPresent(t *testing.T, a, b net.Conn) {
	var all sync.WaitGroup
	all.Go(func() {
		n, err := a.Read(make([]byte, 1024))
		if isTimeout(t, err); n != 0 {
			t.Errorf("%d bytes read", n)
		}
	})
	all.Go(func() {
		var err error
		for err == nil {
			_, err = a.Write(make([]byte, 1024))
		}
		isTimeout(t, err)
	})
	must(t, a.SetDeadline(time.Unix(1, 0)))
	all.Wait()
}

func netFuture(t *testing.T, a, b net.Conn) {
	must(t, a.SetDeadline(time.Now().Add(5*time.Millisecond)))
	var all sync.WaitGroup
	all.Go(func() { _, err := a.Read(make([]byte, 1)); isTimeout(t, err) })
	all.Go(func() {
		var err error
		for err == nil {
			_, err = a.Write(make([]byte, 1024))
		}
		isTimeout(t, err)
	})
	all.Wait()
	go io.Copy(io.Discard, onlyReader{b}) // what was written in time
	must(t, a.SetDeadline(time.Time{}))
	_, err := a.Write([]byte{1})
	must(t, err)
}

func netClose(t *testing.T, a, b net.Conn) {
	go io.Copy(onlyWriter{b}, onlyReader{b})
	must(t, a.SetDeadline(time.Now().Add(time.Hour)))
	var all sync.WaitGroup
	all.Go(func() {
		var err error
		for err == nil {
			_, err = a.Read(make([]byte, 1024))
		}
	})
	all.Go(func() {
		var err error
		for err == nil {
			_, err = a.Write(make([]byte, 1024))
		}
	})
	must(t, a.Close())
	all.Wait()
	is(t, "closing again", a.Close(), net.ErrClosed)
}

func netConcurrent(t *testing.T, a, b net.Conn) {
	go io.Copy(onlyWriter{b}, onlyReader{b})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { a.Read(make([]byte, 16)) })
		all.Go(func() { a.Write(make([]byte, 16)) })
		all.Go(func() { a.SetDeadline(time.Now().Add(time.Millisecond)) })
		all.Go(func() { a.SetReadDeadline(time.Now().Add(time.Millisecond)) })
		all.Go(func() { a.SetWriteDeadline(time.Now().Add(time.Millisecond)) })
		all.Go(func() { _ = a.LocalAddr().String() + a.RemoteAddr().Network() })
	}
	all.Wait()
}

// Where a message ends, a Read may; no byte is lost between.
func netBoundaries(t *testing.T, a, b net.Conn) {
	go func() {
		for _, part := range []string{"one", "", "two", "three, which is a good deal longer than the others"} {
			a.Write([]byte(part))
		}
		a.Close()
	}()
	var got []byte
	for buf := make([]byte, 2); ; {
		n, err := b.Read(buf)
		got = append(got, buf[:n]...)
		if err == io.EOF {
			break
		}
		if must(t, err); n == 0 {
			t.Fatal("a Read of nothing")
		}
	}
	if want := "onetwothree, which is a good deal longer than the others"; string(got) != want {
		t.Errorf("read %q, want %q", got, want)
	}
	_, err := b.Write([]byte("x"))
	is(t, "writing to the closed end", err, pipe.ErrPeerGone)
}

// Arithmetic is for net/rpc.
type Arithmetic struct{}

func (Arithmetic) Double(n int, out *int) error { *out = 2 * n; return nil }

// The standard library's own protocols run over it.
func TestNetConnCarriesRPC(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, true, 1<<10)
	server := rpc.NewServer()
	must(t, server.Register(Arithmetic{}))
	go server.ServeConn(b.NetConn())
	client := rpc.NewClient(a.NetConn())
	defer client.Close()
	for n := range 100 {
		var got int
		if err := client.Call("Arithmetic.Double", n, &got); err != nil || got != 2*n {
			t.Fatalf("%d doubled: %d, %v", n, got, err)
		}
	}
}

// A face of an end that only receives.
func TestNetConnOneWay(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, false, 1<<10)
	go func() {
		fmt.Fprintln(b.NetConn(), "a line")
		b.Close()
	}()
	line, err := bufio.NewReader(a.NetConn()).ReadString('\n')
	if line != "a line\n" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
	_, err = a.NetConn().Write(nil)
	is(t, "writing", err, pipe.ErrDirection)
}

// A Conn that was never opened is closed, by its other face too.
func TestNetConnOfNothing(t *testing.T) {
	n := new(pipe.Conn).NetConn()
	_, err := n.Read(make([]byte, 1))
	is(t, "Read", err, pipe.ErrClosed)
	_, err = n.Write(nil)
	is(t, "Write", err, pipe.ErrClosed)
	is(t, "Close", n.Close(), pipe.ErrClosed)
	if n.LocalAddr().String() != "" || n.RemoteAddr().String() != "" {
		t.Errorf("%v to %v", n.LocalAddr(), n.RemoteAddr())
	}
}
