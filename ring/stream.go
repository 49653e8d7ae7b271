package ring

import (
	"context"
	"fmt"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// stream is what SPSC and Records have in common, as one process has it open.
type stream struct {
	obj   *shm.Object
	head  *layout.StreamHead
	limit uint64 // the largest distance from Head to Tail
}

// streamOf checks the numbers of stream i of o, which has n items. Errors:
// *shm.CorruptError.
func streamOf(o *shm.Object, i, n uint64) (stream, error) {
	s := stream{obj: o, head: shm.Head[layout.StreamHead](o, i*streamHeadSize)}
	s.limit = s.head.Limit
	switch {
	case n == 0 || n&(n-1) != 0:
		return s, s.damaged("Count", n)
	case s.limit == 0 || s.limit > n:
		return s, s.damaged("Limit", s.limit)
	}
	return s, nil
}

// own is err, unless somebody else has changed the index that is ours, by which watchers
// see that there is something to do. They would see it for ever.
func (s *stream) own(field string, at *uint64, index uint64, err error) error {
	if now := atomic.LoadUint64(at); now != index { // sync: stream index
		return s.damaged(field, now)
	}
	return err
}

// damaged is what impossible numbers give.
func (s *stream) damaged(field string, value uint64) error {
	return &shm.CorruptError{Field: "stream." + field, Value: value}
}

func (s *stream) producer() role { return role{s.obj, &s.head.Producer, "producer"} }

func (s *stream) consumer() role { return role{s.obj, &s.head.Consumer, "consumer"} }

// take makes r, an end of s, ours. The caller then has one more use of the object.
func (s *stream) take(ctx context.Context, r role, patient bool) (tookOver bool, head, tail uint64, err error) {
	tookOver, err = r.claim(ctx, patient)
	if err != nil {
		return false, 0, 0, err
	}
	if tookOver {
		atomic.AddUint64(&s.head.Takeovers, 1)
	}
	head, tail = atomic.LoadUint64(&s.head.Head), atomic.LoadUint64(&s.head.Tail) // sync: stream index
	if tail-head > s.limit {
		r.giveBack()
		return false, 0, 0, s.damaged("Tail", tail)
	}
	s.obj.Retain()
	return tookOver, head, tail, nil
}

// waiting is how much is published and not taken, at some instant.
func (s *stream) waiting() uint64 {
	head := atomic.LoadUint64(&s.head.Head)
	return min(max(atomic.LoadUint64(&s.head.Tail), head)-head, s.limit)
}

// powerOfTwo is the smallest one that is at least n.
func powerOfTwo(n uint64) uint64 {
	p := uint64(1)
	for p < n {
		p *= 2
	}
	return p
}

// String is for people.
func (s *stream) describe(kind, unit string) string {
	return fmt.Sprintf("%s(%d of %d%s)", kind, s.waiting(), s.limit, unit)
}
