package main

import "shmkit/array"

const elements = 1 << 20 // 8 MiB of float64

func arrayRows() []benchmark {
	return []benchmark{
		{name: "array/sum", unit: "µs", scale: 1e3, peer: "heap slice, 8 MiB", target: 1.02, start: slices8(sum)},
		{name: "array/axpy", unit: "µs", scale: 1e3, peer: "heap slice, 8 MiB", target: 1.02, start: slices8(axpy)},
		{name: "array/at-set", unit: "ns", scale: 1, peer: "heap slice, 1024 elements", start: atSet},
	}
}

// slices8 runs pass over the slice of an Array and over one of the heap.
func slices8(pass func(x, y []float64) float64) func(*lab) (runner, runner, error) {
	return func(l *lab) (runner, runner, error) {
		var shared, private [2][]float64
		for i := range shared {
			a, err := array.New[float64](elements)
			if err != nil {
				return nil, nil, err
			}
			l.later(func() { a.Close() })
			shared[i], private[i] = a.Slice(), make([]float64, elements)
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
		return run(shared), run(private), nil
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

func atSet(l *lab) (runner, runner, error) {
	a, err := array.New[int64](1024)
	if err != nil {
		return nil, nil, err
	}
	l.later(func() { a.Close() })
	s := make([]int64, 1024)
	return timed(func(n int) { atSetOurs(a, n) }), timed(func(n int) { atSetPeer(s, n) }), nil
}

//go:noinline
func atSetOurs(a *array.Array[int64], n int) {
	for i := range n {
		k := i & 1023
		a.Set(k, a.At(k)+1)
	}
}

//go:noinline
func atSetPeer(s []int64, n int) {
	for i := range n {
		k := i & 1023
		s[k] = s[k] + 1
	}
}
