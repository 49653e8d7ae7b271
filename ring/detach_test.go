package ring_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

// What was in hand when the last handle was detached has gone back. It is nobody's business
// then who had it.
func TestInHandAfterDetach(t *testing.T) {
	seg := segment(t)
	q, err := ring.NewIn[message](seg, "queue", 1)
	must(t, err)
	must(t, q.Put(messageOf(1, 1)))
	lease, err := q.Lease()
	must(t, err)
	var loans []*ring.Loan[message]
	for range 64 { // all other blocks
		loan, err := q.TryLoan()
		must(t, err)
		loans = append(loans, loan)
	}
	must(t, q.Detach())

	again, err := ring.Open[message](seg, "queue")
	must(t, err)
	m, err := again.TryGet() // it came back
	must(t, err)
	if m != messageOf(1, 1) {
		t.Errorf("got %+v", m)
	}
	held := make([]*ring.Loan[message], 65)
	for i := range held {
		held[i], err = again.TryLoan()
		must(t, err)
		*held[i].Value = messageOf(2, uint64(i))
	}
	if err := lease.Ack(); !errors.Is(err, ring.ErrDetached) {
		t.Errorf("Ack: %v", err)
	}
	for _, loan := range loans {
		if err := loan.TryPublish(); !errors.Is(err, ring.ErrDetached) {
			t.Errorf("TryPublish: %v", err)
		}
		if err := loan.Abandon(); !errors.Is(err, ring.ErrDetached) {
			t.Errorf("Abandon: %v", err)
		}
	}
	for i, loan := range held {
		must(t, loan.TryPublish())
		if m, err := again.TryGet(); err != nil || m != messageOf(2, uint64(i)) {
			t.Errorf("loan %d: %+v %v", i, m, err)
		}
	}
	must(t, again.Detach())
}

// As long as the process has another handle what is in hand stays so.
func TestInHandAfterOtherDetach(t *testing.T) {
	seg := segment(t)
	q, err := ring.NewIn[message](seg, "queue", 3)
	must(t, err)
	other, err := ring.Open[message](seg, "queue")
	must(t, err)
	for n := range uint64(3) {
		must(t, q.Put(messageOf(1, n)))
	}
	acked, err := q.Lease()
	must(t, err)
	nacked, err := q.Lease()
	must(t, err)
	loan, err := q.Loan()
	must(t, err)
	*loan.Value = messageOf(1, 3)
	must(t, q.Detach())
	must(t, errors.Join(acked.Ack(), nacked.Nack(), loan.Publish()))
	for _, n := range []uint64{1, 2, 3} {
		if m, err := other.TryGet(); err != nil || m != messageOf(1, n) {
			t.Errorf("got %+v %v, want %d", m, err, n)
		}
	}
	must(t, other.Detach())
	if err := acked.Ack(); !errors.Is(err, ring.ErrNotHeld) {
		t.Errorf("a second Ack: %v", err)
	}
}

// A call that waits, and is stopped on its way out, has the object until it is over: nothing
// that it is about to take goes back meanwhile.
func TestDetachBesideCall(t *testing.T) {
	seg := segment(t)
	q, err := ring.NewIn[message](seg, "queue", 2)
	must(t, err)
	must(t, q.Put(messageOf(1, 1)))
	lease, err := q.Lease() // in the place of what the call takes
	must(t, err)
	must(t, q.Visit(func() {
		must(t, q.Detach())
		other, err := ring.Open[message](seg, "queue")
		must(t, err)
		if _, err := other.TryGet(); !errors.Is(err, ring.ErrEmpty) {
			t.Errorf("TryGet: %v", err)
		}
		must(t, other.Detach())
	}))
	if err := lease.Ack(); !errors.Is(err, ring.ErrDetached) {
		t.Errorf("Ack when the call is over: %v", err)
	}
	other, err := ring.Open[message](seg, "queue")
	must(t, err)
	if m, err := other.TryGet(); err != nil || m != messageOf(1, 1) {
		t.Errorf("TryGet: %+v %v", m, err)
	}
	must(t, other.Detach())
}

// Calls of all kinds that wait hear of Detach, and others go on.
func TestDetachEndsWaits(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	seg := segment(t)
	for _, full := range []bool{true, false} {
		keep, err := ring.NewIn[message](seg, "queue", 1)
		must(t, err)
		if full {
			must(t, keep.Put(messageOf(1, 1)))
		}
		for n := range 200 {
			q, err := ring.Open[message](seg, "queue")
			must(t, err)
			abandon := func() error { return nil }
			calls := []func() error{
				func() error { _, err := q.Get(); return err },
				func() error { _, err := q.GetN(make([]message, 2)); return err },
				func() error { _, err := q.Lease(); return err },
			}
			if full {
				loan, err := q.Loan()
				must(t, err)
				abandon = loan.Abandon
				calls = []func() error{
					func() error { return q.Put(messageOf(2, 2)) },
					func() error { _, err := q.PutN(make([]message, 2)); return err },
					loan.Publish,
				}
			}
			ended := make(chan error)
			for _, call := range calls {
				go func() { ended <- call() }()
			}
			for range n * 50 { // any instant will do
				runtime.Gosched()
			}
			must(t, q.Detach())
			for range calls {
				if err := <-ended; !errors.Is(err, ring.ErrDetached) {
					t.Errorf("full %v: %v", full, err)
				}
			}
			must(t, abandon())
		}
		must(t, errors.Join(seg.RemoveObject("queue"), keep.Detach()))
	}
}
