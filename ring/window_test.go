package ring_test

import (
	"errors"
	"testing"

	"shmkit/ring"
)

// A producer that stops between the look at its place and the claim of a block may claim
// the block in which the message of that very place came and went meanwhile. That message
// must not seem to be there again.
func TestBlockClaimedLate(t *testing.T) {
	seg := segment(t)
	q, err := ring.NewIn[message](seg, "queue", 2)
	must(t, err)
	behind, err := ring.Open[message](seg, "queue") // it knows nothing of what came and went
	must(t, err)
	err = q.PutInSteps(messageOf(1, 1), func() {
		must(t, q.Put(messageOf(2, 0)))
		_, err := q.Get()
		must(t, err)
	}, func() {
		if m, err := behind.TryGet(); !errors.Is(err, ring.ErrEmpty) {
			t.Errorf("got %+v %v before it was put", m, err)
		}
		if n := behind.Len(); n != 0 {
			t.Errorf("Len is %d before it was put", n)
		}
	})
	must(t, err)
	if m, err := behind.TryGet(); err != nil || m != messageOf(1, 1) {
		t.Errorf("got %+v %v", m, err)
	}
	must(t, errors.Join(q.Detach(), behind.Detach()))
}

// Close comes while a producer is between two steps, with the queue full when it looked
// and room after: what is put then is refused.
func TestCloseBetweenSteps(t *testing.T) {
	q := newQueue(t, 1)
	err := q.PutInSteps(messageOf(1, 1), func() {}, func() { must(t, q.Close()) })
	if !errors.Is(err, ring.ErrClosed) {
		t.Errorf("Put: %v", err)
	}
	if _, err := q.Get(); !errors.Is(err, ring.ErrClosed) {
		t.Errorf("Get: %v", err)
	}
}
