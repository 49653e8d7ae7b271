package pipe_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

func init() { shmtest.Register("ten", sendTen) }

// sendTen sends ten numbers, and ends.
func sendTen(c *shmtest.Child) {
	conn := opened(c)
	for n := range 10 {
		c.Must(conn.Send(n))
	}
}

// Everything of four senders comes once, and so does the end of each.
//
// conformance: WT-01
func TestWait(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	var conns []*pipe.Conn
	for range 4 {
		a, b := newEnds(t, false, 64)
		shmtest.Start(t, "ten", text(t, b))
		conns = append(conns, a)
	}
	got := map[*pipe.Conn]int{}
	for len(conns) > 0 {
		ready, err := pipe.Wait(t.Context(), conns...)
		if must(t, err); len(ready) == 0 {
			t.Fatal("nobody is ready")
		}
		for _, c := range ready {
			n, err := pipe.Recv[int](c)
			if err == io.EOF && got[c] == 10 {
				conns = slices.DeleteFunc(conns, func(o *pipe.Conn) bool { return o == c })
				continue
			}
			if must(t, err); n != got[c] {
				t.Errorf("received %d, want %d", n, got[c])
			}
			got[c]++
		}
	}
}

// conformance: WT-04, WT-06
func TestWaitGivesUp(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, true, pipe.Room)
	c, _ := newEnds(t, true, pipe.Room)
	enough := errors.New("enough")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 10*time.Millisecond, enough)
	defer cancel()
	for _, conns := range [][]*pipe.Conn{{a, c}, {}} { // the second time ctx has ended before
		_, err := pipe.Wait(ctx, conns...)
		is(t, "Wait", err, enough)
	}
	must(t, b.SendBytes(nil))
	for range 2 { // what is ready is told although ctx has ended; and it is not taken
		ready, err := pipe.Wait(ctx, c, a)
		if err != nil || !slices.Equal(ready, []*pipe.Conn{a}) {
			t.Errorf("ready: %v, %v, want a", ready, err)
		}
	}
	must(t, c.Close())
	ready, err := pipe.Wait(context.Background(), c)
	if err != nil || len(ready) != 1 {
		t.Errorf("a closed end: %v, %v", ready, err)
	}
}
