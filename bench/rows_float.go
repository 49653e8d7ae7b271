package main

import (
	"math"
	"sync/atomic"

	"shmkit/value"
)

type floatBox struct {
	_ [64]byte
	n *atomic.Uint64
	_ [64]byte
}

//go:noinline
func floatOurs(v *value.Value[float64], n int) (sum float64) {
	for range n {
		sum += v.Load()
	}
	return sum
}

//go:noinline
func floatPeer(b *floatBox, n int) (sum float64) {
	for range n {
		sum += math.Float64frombits(b.n.Load())
	}
	return sum
}
