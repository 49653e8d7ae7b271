package main

import (
	"math"
	"sync/atomic"

	"shmkit/value"
)

func valueRows() []benchmark {
	const peer = "sync/atomic on the heap"
	return []benchmark{
		{name: "value/load", unit: "ns", scale: 1, peer: peer, target: 1.1, start: ints(loadOurs, loadPeer)},
		{name: "value/store", unit: "ns", scale: 1, peer: peer, target: 1.1, start: ints(storeOurs, storePeer)},
		{name: "value/add", unit: "ns", scale: 1, peer: peer, target: 1.1, start: ints(addOurs, addPeer)},
		{name: "value/load-float64", unit: "ns", scale: 1, peer: peer + ", as bits", target: 1.1, start: floats},
	}
}

// sink keeps results alive.
var sink atomic.Int64

// box is a word on the heap that is reached through a pointer, as ours is. Both
// have a cache line of their own.
type box[T any] struct {
	_    [128]byte
	word *T
	_    [128]byte
}

func newBox[T any]() *box[T] {
	type line struct {
		word T
		_    [128]byte
	}
	return &box[T]{word: &new(line).word}
}

func ints(ours func(*value.Value[int64], int) int64, peer func(*box[atomic.Int64], int) int64) func(*lab) (contest, error) {
	return func(l *lab) (contest, error) {
		v, err := value.New[int64](1)
		if err != nil {
			return contest{}, err
		}
		l.later(func() { v.Close() })
		b := newBox[atomic.Int64]()
		b.word.Store(1)
		return between(timed(func(n int) { sink.Store(ours(v, n)) }), timed(func(n int) { sink.Store(peer(b, n)) }))
	}
}

// The two functions of a pair have the same loop. They are not inlined, so that
// the compiler treats them alike and cannot see that nobody else stores.

//go:noinline
func loadOurs(v *value.Value[int64], n int) (sum int64) {
	for range n {
		sum += v.Load()
	}
	return sum
}

//go:noinline
func loadPeer(b *box[atomic.Int64], n int) (sum int64) {
	for range n {
		sum += b.word.Load()
	}
	return sum
}

//go:noinline
func storeOurs(v *value.Value[int64], n int) int64 {
	for i := range n {
		v.Store(int64(i))
	}
	return 0
}

//go:noinline
func storePeer(b *box[atomic.Int64], n int) int64 {
	for i := range n {
		b.word.Store(int64(i))
	}
	return 0
}

//go:noinline
func addOurs(v *value.Value[int64], n int) (last int64) {
	for range n {
		last = v.Add(1)
	}
	return last
}

//go:noinline
func addPeer(b *box[atomic.Int64], n int) (last int64) {
	for range n {
		last = b.word.Add(1)
	}
	return last
}

func floats(l *lab) (contest, error) {
	v, err := value.New(1.5)
	if err != nil {
		return contest{}, err
	}
	l.later(func() { v.Close() })
	b := newBox[atomic.Uint64]()
	b.word.Store(math.Float64bits(1.5))
	return between(
		timed(func(n int) { sink.Store(int64(floatOurs(v, n))) }),
		timed(func(n int) { sink.Store(int64(floatPeer(b, n))) }))
}

//go:noinline
func floatOurs(v *value.Value[float64], n int) (sum float64) {
	for range n {
		sum += v.Load()
	}
	return sum
}

//go:noinline
func floatPeer(b *box[atomic.Uint64], n int) (sum float64) {
	for range n {
		sum += math.Float64frombits(b.word.Load())
	}
	return sum
}
