package pipe_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"shmkit/internal/park"
	"shmkit/internal/shmtest"
	"shmkit/pipe"
	"shmkit/ring"
)

// asleep returns when n sleepers of this process are asleep, or about to be.
func asleep(n int) {
	for {
		own, shared := park.Sleepers()
		if own+shared >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// waits calls Wait beside the test.
func waits(t *testing.T, ws ...ring.Waitable) <-chan []ring.Waitable {
	t.Helper()
	found := make(chan []ring.Waitable, 1)
	go func() {
		ready, err := ring.Wait(context.Background(), ws...)
		must(t, err)
		found <- ready
	}()
	return found
}

// One sleep for many connections over rings, and for queues: no goroutine for each.
func TestWaitForManyEnds(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	const many = 60
	var ws []ring.Waitable
	var others []*pipe.Conn
	seg := segment(t)
	for range many {
		a, b, err := pipe.NewRoomIn(seg, "", true, 64)
		must(t, err)
		t.Cleanup(func() { a.Close(); b.Close() })
		ws, others = append(ws, a), append(others, b)
	}
	q, err := ring.NewIn[int](seg, "", 1)
	must(t, err)
	t.Cleanup(func() { q.Detach() })
	ws = append(ws, q)
	for i := range many {
		before := runtime.NumGoroutine()
		found := waits(t, ws...)
		asleep(1)
		if n := runtime.NumGoroutine() - before; n > 1 {
			t.Fatalf("%d goroutines for a Wait", n)
		}
		must(t, others[i].SendBytes([]byte("hello")))
		if ready := <-found; !slices.Equal(ready, ws[i:i+1]) {
			t.Fatalf("%v are ready, want number %d", ready, i)
		}
		expectBytes(t, ws[i].(*pipe.Conn), "hello")
	}
	found := waits(t, ws...)
	asleep(1)
	must(t, q.Put(1))
	if ready := <-found; !slices.Equal(ready, ws[many:]) {
		t.Errorf("%v are ready, want the queue", ready)
	}
}

// A message that is longer than the ring comes in pieces, and is ready when it is whole.
func TestWaitForLongMessage(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, true, 64)
	text := bytes.Repeat([]byte("long"), 1000)
	for range 20 {
		sent := make(chan error)
		go func() { sent <- b.SendBytes(text) }()
		two := waits(t, a)
		for _, found := range []<-chan []ring.Waitable{waits(t, a), two} {
			if ready := <-found; len(ready) != 1 {
				t.Fatalf("%v are ready", ready)
			}
		}
		must(t, <-sent)
		if ok, err := a.Poll(0); !ok || err != nil {
			t.Fatalf("Poll of what is ready: %v, %v", ok, err)
		}
		expectBytes(t, a, string(text))
	}
}

// What happens to an end while somebody waits for it makes it ready, or is done beside it.
func TestWaitBesideCalls(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, true, 64)
	idle, _ := newEnds(t, true, 64)

	// Another goroutine receives, and goes on waiting; who waits gets what it leaves.
	found := waits(t, a, idle)
	asleep(1)
	got := make(chan error)
	go func() { _, err := a.RecvBytes(); got <- err }()
	asleep(2)
	must(t, b.SendBytes([]byte("one")))
	must(t, <-got)
	must(t, b.SendBytes([]byte("two")))
	if ready := <-found; len(ready) != 1 || ready[0] != a {
		t.Errorf("%v are ready", ready)
	}
	// It may have been ready before the first one was received.
	for !slices.Equal(<-waits(t, a), []ring.Waitable{a}) {
		t.Error("not ready with a message")
	}
	expectBytes(t, a, "two")

	// Its end is encoded: that is for another process to open, and not for us.
	found = waits(t, a, idle)
	asleep(1)
	text, err := a.MarshalText()
	for errors.Is(err, pipe.ErrBusy) {
		text, err = a.MarshalText()
	}
	must(t, err)
	if ready := <-found; len(ready) != 1 || ready[0] != a {
		t.Errorf("%v are ready, want the end that was encoded", ready)
	}
	again := new(pipe.Conn)
	must(t, again.UnmarshalText(text))
	must(t, a.Close())

	// The deadline passes, and is moved while somebody waits.
	must(t, again.SetReadDeadline(time.Now().Add(time.Hour)))
	found = waits(t, again, idle)
	asleep(1)
	must(t, again.SetReadDeadline(time.Now()))
	if ready := <-found; len(ready) != 1 || ready[0] != again {
		t.Errorf("%v are ready, want the one whose deadline has passed", ready)
	}
	_, err = again.RecvBytes()
	is(t, "RecvBytes", err, os.ErrDeadlineExceeded)
	must(t, again.SetReadDeadline(time.Time{}))

	// It is closed.
	found = waits(t, again, idle)
	asleep(1)
	must(t, again.Close())
	if ready := <-found; len(ready) != 1 || ready[0] != again {
		t.Errorf("%v are ready, want the one that was closed", ready)
	}
	found = waits(t, b, idle) // and so is the other end
	if ready := <-found; len(ready) != 1 || ready[0] != b {
		t.Errorf("%v are ready, want the end", ready)
	}
	_, err = b.RecvBytes()
	is(t, "RecvBytes", err, io.EOF)
}

// Poll without waiting tells of a message that is there also while others look at the end.
func TestPollBesideWait(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, true, 64)
	idle, other := newEnds(t, true, 64)
	for range 200 {
		found := waits(t, a, idle)
		must(t, b.SendBytes([]byte("hello")))
		if ok, err := a.Poll(0); !ok || err != nil {
			t.Fatalf("Poll: %v, %v", ok, err)
		}
		<-found
		expectBytes(t, a, "hello")
	}
	must(t, other.Close())
}

// A doorbell for connections of each family, beside calls that receive: every message is
// received.
func TestDoorbellForEachFamily(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		server, client := connected(t, family, address)
		d, err := ring.NewDoorbell(server)
		must(t, err)
		defer d.Close()
		f, err := d.File()
		must(t, err)
		defer f.Close()
		const each = 200
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() {
			for n := range each {
				must(t, client.Send(n))
			}
		})
		var b [8]byte
		for n := 0; n < each; {
			_, err := f.Read(b[:])
			must(t, err)
			for {
				if ok, err := server.Poll(0); !ok {
					must(t, err)
					break
				}
				got, err := pipe.Recv[int](server)
				if must(t, err); got != n {
					t.Fatalf("received %d, want %d", got, n)
				}
				n++
			}
		}
	})
}
