package main

import (
	"sync/atomic"
	"time"

	"shmkit/value"
)

func valueRows() []benchmark {
	const peer = "sync/atomic on the heap"
	return []benchmark{
		{name: "value/load", unit: "ns", scale: 1, peer: peer, target: 1.1, start: ints(loadOurs, loadPeer)},
		{name: "value/store", unit: "ns", scale: 1, peer: peer, target: 1.1, start: ints(storeOurs, storePeer)},
		{name: "value/add", unit: "ns", scale: 1, peer: peer, target: 1.1, start: ints(addOurs, addPeer)},
		{name: "value/load-float64", unit: "ns", scale: 1, peer: "sync/atomic bits on the heap", target: 1.1, start: floats},
	}
}

// sink keeps results alive.
var sink atomic.Int64

// box is a word on the heap that is reached through a pointer, as ours is.
type box struct {
	_ [64]byte
	n *atomic.Int64
	_ [64]byte
}

func ints(ours func(*value.Value[int64], int) int64, peer func(*box, int) int64) func(*lab) (runner, runner, error) {
	return func(l *lab) (runner, runner, error) {
		v, err := value.New[int64](1)
		if err != nil {
			return nil, nil, err
		}
		l.later(func() { v.Close() })
		b := &box{n: new(atomic.Int64)}
		b.n.Store(1)
		return timed(func(n int) { sink.Store(ours(v, n)) }), timed(func(n int) { sink.Store(peer(b, n)) }), nil
	}
}

func timed(f func(n int)) runner {
	return func(n int) (float64, error) {
		begin := time.Now()
		f(n)
		return float64(time.Since(begin)), nil
	}
}

//go:noinline
func loadOurs(v *value.Value[int64], n int) (sum int64) {
	for range n {
		sum += v.Load()
	}
	return sum
}

//go:noinline
func loadPeer(b *box, n int) (sum int64) {
	for range n {
		sum += b.n.Load()
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
func storePeer(b *box, n int) int64 {
	for i := range n {
		b.n.Store(int64(i))
	}
	return 0
}

//go:noinline
func addOurs(v *value.Value[int64], n int) int64 {
	for range n {
		v.Add(1)
	}
	return 0
}

//go:noinline
func addPeer(b *box, n int) int64 {
	for range n {
		b.n.Add(1)
	}
	return 0
}

func floats(l *lab) (runner, runner, error) {
	v, err := value.New(1.5)
	if err != nil {
		return nil, nil, err
	}
	l.later(func() { v.Close() })
	bits := &floatBox{n: new(atomic.Uint64)}
	return timed(func(n int) { sink.Store(int64(floatOurs(v, n))) }),
		timed(func(n int) { sink.Store(int64(floatPeer(bits, n))) }), nil
}
