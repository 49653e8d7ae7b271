package ring_test

import (
	"encoding/binary"
	"testing"

	"shmkit/internal/layout"
	"shmkit/ring"
)

// R7: what is filled in a loan, and read in a lease, is the memory of the queue itself: it
// is copied nowhere, however large it is.
func TestInPlace(t *testing.T) {
	seg := mappedSegment(t)
	q, err := ring.NewIn[message](seg, "queue", 4)
	must(t, err)
	defer q.Detach()
	b := bare(t, seg, "queue")
	const cellHead = 32
	loan, err := q.Loan()
	must(t, err)
	i := b.find(layout.CellLoaned)
	first := b.raw[i*int(b.Stride)+cellHead:]
	loan.Value.From = 77
	if got := binary.LittleEndian.Uint64(first); got != 77 {
		t.Errorf("the block has %d while the loan has 77", got)
	}
	filled := loan.Value
	must(t, loan.Publish())
	lease, err := q.Lease()
	must(t, err)
	if lease.Value != filled {
		t.Error("the lease is not the memory that the loan was")
	}
	binary.LittleEndian.PutUint64(first, 78)
	if lease.Value.From != 78 {
		t.Errorf("the lease has %d while the block has 78", lease.Value.From)
	}
	must(t, lease.Ack())
}
