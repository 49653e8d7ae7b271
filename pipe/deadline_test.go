package pipe_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

// Deadlines: in the past, in the future, set while somebody waits, and taken back.
func TestDeadlines(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, room := range rooms {
		a, b := newEnds(t, true, room)
		long := messageOf(1, 2*room)
		must(t, b.SendBytes([]byte{1}))
		must(t, a.SetDeadline(time.Unix(1, 0)))
		_, err := a.RecvBytes()
		is(t, "receiving after the deadline", err, os.ErrDeadlineExceeded)
		is(t, "sending after the deadline", a.SendBytes(nil), os.ErrDeadlineExceeded)
		must(t, a.SetDeadline(time.Time{}))
		_, err = a.RecvBytes()
		is(t, "receiving without a deadline", err, nil)

		must(t, a.SetDeadline(time.Now().Add(time.Millisecond)))
		_, err = a.RecvBytes()
		is(t, "receiving until the deadline", err, os.ErrDeadlineExceeded)
		is(t, "sending until the deadline", a.SendBytes(long), os.ErrDeadlineExceeded)
		ok, err := a.Poll(time.Hour)
		if is(t, "Poll", err, os.ErrDeadlineExceeded); ok {
			t.Error("Poll tells of a message")
		}

		must(t, a.SetDeadline(time.Time{}))
		sent, received := make(chan error), make(chan error)
		go func() { sent <- a.SendBytes(long) }()
		go func() { _, err := a.RecvBytes(); received <- err }()
		must(t, a.SetWriteDeadline(time.Unix(1, 0)))
		is(t, "sending when the deadline comes", <-sent, os.ErrDeadlineExceeded)
		must(t, a.SetReadDeadline(time.Unix(1, 0)))
		is(t, "receiving when the deadline comes", <-received, os.ErrDeadlineExceeded)

		must(t, a.SetDeadline(time.Now().Add(time.Hour)))
		must(t, a.SetDeadline(time.Time{}))
		go a.SendBytes([]byte("whole"))
		// Three messages were begun and given up: none of them is seen.
		if got, err := b.RecvBytes(); string(got) != "whole" || err != nil {
			t.Errorf("room %d: received %d bytes, %v", room, len(got), err)
		}
	}
}

func TestContexts(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a, b := newEnds(t, true, 1<<10)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	errs := make(chan error)
	calls := []func() error{
		func() error { return a.SendBytesContext(ctx, make([]byte, 5000)) },
		func() error { return a.SendContext(ctx, make([]int, 5000)) },
		func() error { _, err := a.RecvBytesContext(ctx); return err },
		func() error { _, err := a.RecvBytesMaxContext(ctx, 9); return err },
		func() error { _, err := a.RecvIntoContext(ctx, nil); return err },
		func() error { return a.RecvContext(ctx, new(int)) },
		func() error { _, err := pipe.RecvContext[int](ctx, a); return err },
		func() error { _, err := a.PollContext(ctx); return err },
	}
	for _, call := range calls { // each alone or behind another: both wait
		go func() { errs <- call() }()
	}
	cancel(enough)
	for range calls {
		is(t, "a call that waits", <-errs, enough)
	}
	if ok, err := b.Poll(0); ok || err != nil { // makes room: two messages were given up
		t.Errorf("half a message is there: %t, %v", ok, err)
	}
	is(t, "sending when there is room", a.SendBytesContext(ctx, []byte("x")), nil)
	if got, err := b.RecvBytesContext(ctx); !bytes.Equal(got, []byte("x")) || err != nil {
		t.Errorf("receiving what is there: %q, %v", got, err)
	}
}
