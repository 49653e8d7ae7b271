package main

import "slices"

// median of a list that is not empty.
func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// spread is where the middle eight tenths of a list begin and end.
func spread(list []float64) (p10, p90 float64) {
	s := slices.Sorted(slices.Values(list))
	last := len(s) - 1
	return s[last/10], s[last-last/10]
}
