package pipe_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

// messageOf is message n, whose bytes tell n and their place.
func messageOf(n, length int) []byte {
	b := make([]byte, length)
	for i := range b {
		b[i] = byte(n + i + i>>8)
	}
	return b
}

// lengths of messages around every boundary of a small ring, and of a large one, up to
// some hundred pieces.
func lengths(room int) (all []int) {
	for n := range 70 {
		all = append(all, n)
	}
	for _, n := range []int{1 << 8, 1 << 10, 1 << 14, 1 << 15, 1 << 16, 1 << 17, 1 << 20} {
		if n <= 64*room {
			all = append(all, n-9, n-8, n-7, n-1, n, n+1)
		}
	}
	return all
}

// Each message comes whole, in order, with its boundaries, both ways, whatever its length.
//
// conformance: CN-01, PO-02, PO-04
func TestMessagesStayWhole(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	for _, room := range rooms {
		a, b := newEnds(t, true, room)
		for _, way := range [][2]*pipe.Conn{{a, b}, {b, a}} {
			from, to := way[0], way[1]
			var done sync.WaitGroup
			done.Go(func() {
				for n, length := range lengths(room) {
					must(t, from.SendBytes(messageOf(n, length)))
				}
			})
			for n, length := range lengths(room) {
				got, err := receive(to, n, 1<<20+1)
				if err != nil || !bytes.Equal(got, messageOf(n, length)) {
					t.Fatalf("room %d, message %d of %d bytes: got %d bytes, %v", room, n, length, len(got), err)
				}
			}
			done.Wait()
		}
	}
}

// receive receives a message of at most so many bytes in one of several ways.
func receive(c *pipe.Conn, way, most int) ([]byte, error) {
	switch way % 4 {
	case 0:
		return c.RecvBytes()
	case 1:
		return c.RecvBytesMax(most)
	case 2:
		if ok, err := c.Poll(time.Hour); !ok || err != nil {
			return nil, fmt.Errorf("Poll: %t, %w", ok, err)
		}
	}
	buf := make([]byte, most)
	n, err := c.RecvInto(buf)
	return buf[:n], err
}

// Random messages, both ways at once.
func TestBothWaysAtOnce(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	for _, room := range rooms {
		a, b := newEnds(t, true, room)
		var done sync.WaitGroup
		for seed, way := range [][2]*pipe.Conn{{a, b}, {b, a}} {
			done.Go(func() {
				r := rand.New(rand.NewPCG(uint64(room), uint64(seed)))
				for n := range 2000 {
					must(t, way[0].SendBytes(messageOf(n, r.IntN(1+r.IntN(3*room)))))
				}
				must(t, way[0].CloseWrite())
			})
			done.Go(func() {
				r := rand.New(rand.NewPCG(uint64(room), uint64(seed)))
				for n := range 2000 {
					got, err := receive(way[1], n, 3*room)
					if err != nil || !bytes.Equal(got, messageOf(n, r.IntN(1+r.IntN(3*room)))) {
						t.Errorf("room %d, message %d: %d bytes, %v", room, n, len(got), err)
						return
					}
				}
				_, err := way[1].RecvBytes()
				is(t, "receiving after the last one", err, io.EOF)
			})
		}
		done.Wait()
	}
}

// conformance: CN-02
func TestOneWay(t *testing.T) {
	a, b := newEnds(t, false, pipe.Room)
	if !a.Readable() || a.Writable() || b.Readable() || !b.Writable() {
		t.Errorf("a reads %t, writes %t; b reads %t, writes %t", a.Readable(), a.Writable(), b.Readable(), b.Writable())
	}
	is(t, "sending from a", a.SendBytes(nil), pipe.ErrDirection)
	is(t, "sending from a", a.Send(1), pipe.ErrDirection)
	is(t, "CloseWrite of a", a.CloseWrite(), pipe.ErrDirection)
	_, err := b.RecvBytes()
	is(t, "receiving at b", err, pipe.ErrDirection)
	_, err = b.Poll(0)
	is(t, "Poll of b", err, pipe.ErrDirection)
	must(t, b.Send("one way"))
	if got, err := pipe.Recv[string](a); got != "one way" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	must(t, b.Close())
	_, err = a.RecvBytes()
	is(t, "receiving when b is closed", err, io.EOF)
}

// A message that is too long stays, whole, for one who has room.
//
// conformance: CN-01, CN-04
func TestTooShort(t *testing.T) {
	for _, room := range rooms {
		a, b := newEnds(t, true, room)
		for n, length := range []int{1, 10, 40, 5000} {
			go a.SendBytes(messageOf(n, length))
			buf := bytes.Repeat([]byte{'x'}, length-1)
			k, err := b.RecvInto(buf)
			var short *pipe.TooShortError
			if !errors.As(err, &short) || !errors.Is(err, pipe.ErrTooShort) || short.Size != length || short.Room != length-1 {
				t.Errorf("room %d: %v of %d bytes", room, err, length)
			}
			if k != 0 || strings.Trim(string(buf), "x") != "" {
				t.Errorf("room %d: %d bytes, the buffer is %q", room, k, buf)
			}
			_, err = b.RecvBytesMax(length - 1)
			is(t, "RecvBytesMax", err, pipe.ErrTooShort)
			got, err := b.RecvBytesMax(length)
			if err != nil || !bytes.Equal(got, messageOf(n, length)) {
				t.Errorf("room %d: %d bytes, %v", room, len(got), err)
			}
		}
	}
}

// Poll tells of messages, the empty one too, and of the end; it takes nothing.
//
// conformance: CN-01, PO-01
func TestPoll(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, room := range rooms {
		a, b := newEnds(t, true, room)
		poll := func(patience time.Duration, want bool) {
			t.Helper()
			if ok, err := b.Poll(patience); ok != want || err != nil {
				t.Errorf("room %d: Poll(%v): %t, %v, want %t", room, patience, ok, err, want)
			}
		}
		poll(0, false)
		poll(-time.Second, false)
		start := time.Now()
		if poll(20*time.Millisecond, false); time.Since(start) < 20*time.Millisecond {
			t.Error("Poll did not wait")
		}
		for _, length := range []int{0, 3, 100, 3000} {
			go a.SendBytes(messageOf(1, length))
			poll(time.Hour, true)
			poll(0, true)
			poll(-1, true)
			got, err := b.RecvBytes()
			if err != nil || !bytes.Equal(got, messageOf(1, length)) {
				t.Errorf("room %d: %d bytes, %v, want %d", room, len(got), err, length)
			}
			poll(0, false)
		}
		go a.Close()
		poll(time.Hour, true)
		poll(0, true)
		_, err := b.RecvBytes()
		is(t, "receiving at the end", err, io.EOF)
	}
}

// conformance: CN-01, CN-08
func TestClose(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, true, 1<<10)
	must(t, a.SendBytes([]byte("last")))
	if a.Closed() {
		t.Error("closed before Close")
	}
	must(t, a.Close())
	if !a.Closed() || !strings.Contains(a.String(), "closed") {
		t.Errorf("%v is closed: %t", a, a.Closed())
	}
	is(t, "second Close", a.Close(), pipe.ErrClosed)
	is(t, "SendBytes", a.SendBytes(nil), pipe.ErrClosed)
	_, err := a.RecvBytes()
	is(t, "RecvBytes", err, pipe.ErrClosed)
	_, err = a.Poll(0)
	is(t, "Poll", err, pipe.ErrClosed)
	is(t, "SetDeadline", a.SetDeadline(time.Time{}), pipe.ErrClosed)
	is(t, "CloseWrite", a.CloseWrite(), pipe.ErrClosed)
	_, err = a.MarshalText()
	is(t, "MarshalText", err, pipe.ErrClosed)

	is(t, "sending to the closed end", b.SendBytes(nil), pipe.ErrPeerGone)
	if got, err := b.RecvBytes(); string(got) != "last" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	for range 2 {
		_, err = b.RecvBytes()
		is(t, "receiving from the closed end", err, io.EOF)
	}
}

// Those who wait hear of a Close, at either end.
func TestCloseWakes(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, ours := range []bool{true, false} {
		a, b := newEnds(t, true, 1<<10)
		sent, received := make(chan error), make(chan error)
		go func() { sent <- a.SendBytes(make([]byte, 1<<12)) }() // more than there is room for
		go func() { _, err := a.RecvBytes(); received <- err }()
		atEnd, wantSend, wantReceive := a, pipe.ErrClosed, pipe.ErrClosed
		if !ours {
			atEnd, wantSend, wantReceive = b, pipe.ErrPeerGone, io.EOF
		}
		must(t, atEnd.Close())
		is(t, "SendBytes that waits", <-sent, wantSend)
		is(t, "RecvBytes that waits", <-received, wantReceive)
	}
}

func TestCloseWrite(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, true, 1<<10)
	must(t, a.SendBytes([]byte("question")))
	must(t, a.CloseWrite())
	is(t, "sending after CloseWrite", a.SendBytes(nil), pipe.ErrClosed)
	if got, err := b.RecvBytes(); string(got) != "question" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	_, err := b.RecvBytes()
	is(t, "receiving after CloseWrite", err, io.EOF)
	must(t, b.SendBytes([]byte("answer")))
	if got, err := a.RecvBytes(); string(got) != "answer" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
}

// An end that is forgotten counts as closed.
func TestForgotten(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, _ := newEnds(t, true, 1<<10)
	func() {
		c, d, err := pipe.New(true)
		must(t, err)
		must(t, c.SendBytes([]byte("last")))
		a = d
	}()
	defer a.Close()
	collect()
	if got, err := a.RecvBytes(); string(got) != "last" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	_, err := a.RecvBytes()
	is(t, "receiving from a forgotten end", err, io.EOF)
}

type job struct {
	N    int
	Name string
	Deep map[string][]float64
}

func TestValues(t *testing.T) {
	a, b := newEnds(t, true, pipe.Room)
	want := job{7, "seven", map[string][]float64{"x": {1, 2.5}}}
	must(t, a.Send(want))
	got, err := pipe.Recv[job](b)
	if must(t, err); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("received %v, want %v", got, want)
	}
	for _, v := range []any{nil, true, uint64(3), int64(-3), "text", []byte{1}, []any{uint64(1), "x"}} {
		must(t, a.Send(v))
		var got any
		if err := b.Recv(&got); err != nil || fmt.Sprint(got) != fmt.Sprint(v) {
			t.Errorf("received %v, %v, want %v", got, err, v)
		}
	}
	many := make([]int, 200_000) // more than the codec allows if it is not told
	go a.Send(many)
	if got, err := pipe.Recv[[]int](b); len(got) != len(many) || err != nil {
		t.Errorf("received %d numbers, %v", len(got), err)
	}
	var bad *pipe.CodecError
	if err := a.Send(make(chan int)); !errors.As(err, &bad) || bad.Op != "encode" {
		t.Errorf("sending a channel: %v", err)
	}
	must(t, a.SendBytes([]byte{0xff}))
	if err := b.Recv(new(int)); !errors.As(err, &bad) || bad.Op != "decode" {
		t.Errorf("receiving what is no value: %v", err)
	}
	must(t, a.Send(1))
	if n, err := pipe.Recv[int](b); n != 1 || err != nil {
		t.Errorf("received %d, %v after a bad message", n, err)
	}
}

// Many goroutines at each end: each message whole, each once.
func TestManyGoroutines(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	const senders, each = 8, 200
	for _, room := range rooms {
		a, b := newEnds(t, true, room)
		var sending, receiving sync.WaitGroup
		for s := range senders {
			sending.Go(func() {
				for n := range each {
					must(t, a.Send([]int{s, n, n * n}))
				}
			})
		}
		var mu sync.Mutex
		got := map[[2]int]int{}
		for range 4 {
			receiving.Go(func() {
				for {
					v, err := pipe.Recv[[]int](b)
					if err == io.EOF {
						return
					}
					if must(t, err); len(v) != 3 || v[2] != v[1]*v[1] {
						t.Errorf("received %v", v)
						return
					}
					mu.Lock()
					got[[2]int{v[0], v[1]}]++
					mu.Unlock()
				}
			})
		}
		sending.Wait()
		must(t, a.Close())
		receiving.Wait()
		if len(got) != senders*each {
			t.Errorf("room %d: %d different messages, want %d", room, len(got), senders*each)
		}
	}
}
