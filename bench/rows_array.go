package main

import "shmkit/array"

const (
	elements = 1 << 20 // 8 MiB of float64
	few      = 1 << 10 // a power of two, all in the cache
)

func arrayRows() []benchmark {
	const peer = "heap slice"
	return []benchmark{
		{name: "array/sum", unit: "µs", scale: 1e3, peer: peer, target: 1.02, start: slices8(sum)},
		{name: "array/axpy", unit: "µs", scale: 1e3, peer: peer, target: 1.02, start: slices8(axpy)},
		{name: "array/at-set", unit: "ns", scale: 1, peer: peer, start: atSet},
	}
}

// slices8 runs pass over the slices of two Arrays and over two of the heap.
func slices8(pass func(x, y []float64) float64) func(*lab) (contest, error) {
	return func(l *lab) (contest, error) {
		var shared, private [2][]float64
		for i := range shared {
			a, err := array.New[float64](elements)
			if err != nil {
				return contest{}, err
			}
			l.later(func() { a.Close() })
			shared[i] = a.Slice()
			private[i] = alike(shared[i])
			for k := range elements {
				shared[i][k], private[i][k] = float64(k&7), float64(k&7)
			}
		}
		run := func(s [2][]float64) runner {
			return timed(func(n int) {
				for range n {
					sink.Store(int64(pass(s[0], s[1])))
				}
			})
		}
		return between(run(shared), run(private))
	}
}

//go:noinline
func sum(x, _ []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

//go:noinline
func axpy(x, y []float64) float64 {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += 1e-9 * v
	}
	return y[0]
}

// holder is a slice that is reached through a pointer, as an Array is.
type holder struct{ items []int64 }

func atSet(l *lab) (contest, error) {
	a, err := array.New[int64](few)
	if err != nil {
		return contest{}, err
	}
	l.later(func() { a.Close() })
	h := &holder{make([]int64, few)}
	return between(timed(func(n int) { atSetOurs(a, n) }), timed(func(n int) { atSetPeer(h, n) }))
}

//go:noinline
func atSetOurs(a *array.Array[int64], n int) {
	for i := range n {
		k := i & (few - 1)
		a.Set(k, a.At(k)+1)
	}
}

//go:noinline
func atSetPeer(h *holder, n int) {
	for i := range n {
		k := i & (few - 1)
		h.items[k] = h.items[k] + 1
	}
}
