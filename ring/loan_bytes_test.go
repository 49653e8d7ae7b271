package ring_test

import (
	"errors"
	"testing"

	"shmkit/ring"
)

// TestLoanCutAtTheFront: a Loan of bytes whose message begins inside the block is the same
// message after it found no room.
func TestLoanCutAtTheFront(t *testing.T) {
	q := newMessages[[]byte](t, 1, ring.BlockSize(64))
	must(t, q.Put([]byte("first")))
	l, err := q.Loan()
	must(t, err)
	n := copy(*l.Value, "head|head|message")
	*l.Value = (*l.Value)[5:n]
	for range 2 {
		if err := l.TryPublish(); !errors.Is(err, ring.ErrFull) {
			t.Fatal(err)
		}
	}
	_, err = q.Get()
	must(t, err)
	must(t, l.Publish())
	if b, err := q.Get(); string(b) != "head|message" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestLoanWithoutRoom: whoever waits for blocks that a long message had, for which there then
// was no place, is woken.
func TestLoanWithoutRoom(t *testing.T) {
	q := newMessages[[]byte](t, 4, ring.BlockSize(8))
	for range 4 {
		must(t, q.Put([]byte("short")))
	}
	l, err := q.Loan()
	must(t, err)
	*l.Value = make([]byte, 32)
	woken := q.Starve()
	if err := l.TryPublish(); !errors.Is(err, ring.ErrFull) {
		t.Fatal(err)
	}
	if !woken() {
		t.Error("nobody is told of the blocks that are free again")
	}
	must(t, l.Abandon())
}
