package main

import (
	"strings"
	"testing"
)

func TestRatio(t *testing.T) {
	r := row{Name: "a/b", Unit: "ns", Peer: "another", Target: 1.5}
	r.fill([]float64{3, 2, 1}, []float64{4, 5, 3})
	if r.Ours != 2 || r.PeerValue != 4 || r.Ratio != 0.5 || r.Samples != 3 {
		t.Errorf("got %+v", r)
	}
	if r.OursP10 != 1 || r.OursP90 != 3 || r.PeerP10 != 3 || r.PeerP90 != 5 {
		t.Errorf("spread: got %+v", r)
	}
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		r    row
		want string
	}{
		{row{Ratio: 9}, ""},
		{row{Ratio: 1.6, Target: 1.6}, "ok (at most 1.6)"},
		{row{Ratio: 1.61, Target: 1.6}, "MISS (at most 1.6)"},
		{row{Ratio: 0.5, Target: 1, Peer: limitPeer, PeerValue: 150, Unit: "µs"}, "ok (at most 150 µs)"},
		{row{Ratio: 1.1, Target: 1, Peer: limitPeer, PeerValue: 2, Unit: "ms"}, "MISS (at most 2 ms)"},
		{row{Target: 1, LeftOut: "no compiler"}, ""},
	} {
		if got := tt.r.verdict(); got != tt.want {
			t.Errorf("verdict of %+v: got %q, want %q", tt.r, got, tt.want)
		}
	}
}

func TestRowString(t *testing.T) {
	r := row{Name: "mutex/x", Note: "a remark", Ratio: 2, Target: 1}
	if s := r.String(); !strings.Contains(s, "MISS") || !strings.Contains(s, "\n    a remark") {
		t.Errorf("got %q", s)
	}
	r = row{Name: "mutex/x", LeftOut: "no compiler"}
	if s := r.String(); !strings.HasSuffix(s, "no compiler") {
		t.Errorf("got %q", s)
	}
}
