package main

import "testing"

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		list []float64
		want float64
	}{
		{[]float64{7}, 7},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		first := tt.list[0]
		if got := median(tt.list); got != tt.want {
			t.Errorf("median(%v) = %v, want %v", tt.list, got, tt.want)
		}
		if tt.list[0] != first {
			t.Errorf("median changed the order of its list: %v", tt.list)
		}
	}
}

func TestSpread(t *testing.T) {
	var many []float64
	for i := range 21 {
		many = append(many, float64(20-i))
	}
	for _, tt := range []struct {
		list     []float64
		p10, p90 float64
	}{
		{[]float64{7}, 7, 7},
		{[]float64{3, 1, 2}, 1, 3},
		{many, 2, 18},
	} {
		if p10, p90 := spread(tt.list); p10 != tt.p10 || p90 != tt.p90 {
			t.Errorf("spread(%v) = %v, %v, want %v, %v", tt.list, p10, p90, tt.p10, tt.p90)
		}
	}
}
