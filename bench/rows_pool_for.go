package main

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"shmkit/array"
	"shmkit/pool"
)

// forItems are 64 MiB of float64.
const forItems = 64 << 20 / 8

// damp is what is done with each item: some arithmetic, as much as its memory costs.
//
//go:noinline
func damp(items []float64) {
	for i, x := range items {
		items[i] = math.Sqrt(x*x+1) * 0.5
	}
}

var dampPart = pool.RegisterFor("damp", func(_ context.Context, items []float64, _ int) error {
	damp(items)
	return nil
})

// forRow changes all items of an Array by two workers, and those of a slice by this process.
func forRow(l *lab) (contest, error) {
	arr, err := array.New[float64](forItems)
	if err != nil {
		return contest{}, err
	}
	l.later(func() { arr.Close() })
	p, err := newPool(l)
	if err != nil {
		return contest{}, err
	}
	slice, rounds := make([]float64, forItems), [2]int{}
	for i := range slice {
		slice[i], arr.Slice()[i] = float64(i), float64(i)
	}
	private := uint64(0)
	return contest{
		ours: failing(func() error {
			rounds[0]++
			before := allocated()
			err := pool.For(context.Background(), p, arr, dampPart)
			private = max(private, allocated()-before)
			return err
		}),
		peer: timed(func(n int) {
			for range n {
				rounds[1]++
				damp(slice)
			}
		}),
		finish: func() (string, error) {
			for ; rounds[0] < rounds[1]; rounds[0]++ {
				damp(arr.Slice())
			}
			for ; rounds[1] < rounds[0]; rounds[1]++ {
				damp(slice)
			}
			for i, x := range arr.Slice() {
				if x != slice[i] {
					return "", errWrong
				}
			}
			return fmt.Sprintf("a call allocated %d KiB at most in the process that has the pool.", private>>10), nil
		},
	}, nil
}

// allocated is how much memory was, in bytes.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
