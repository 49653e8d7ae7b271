package word_test

import (
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

const (
	bw             = layout.BarrierWaiters
	filling        = layout.BarrierFilling
	acting, broken = layout.BarrierActing, layout.BarrierBroken
)

func TestBarrierArrive(t *testing.T) {
	at := layout.BarrierWord
	for _, tt := range []struct {
		word uint64
		acts bool
		want word.Move64
	}{
		{at(7, filling, 4, 0), false, word.Move64{Next: at(7, filling, 4, 1), Verdict: word.Arrived}},
		{bw | at(7, filling, 4, 1), true, word.Move64{Next: bw | at(7, filling, 4, 2), Verdict: word.Arrived}},
		{at(7, filling, 4, 2), false, word.Move64{Next: at(8, filling, 4, 0), Verdict: word.Passed}},
		{bw | at(1<<32-1, filling, 4, 2), false, word.Move64{Next: at(0, filling, 4, 0), Verdict: word.Passed, Wake: word.All}},
		{bw | at(7, filling, 4, 2), true, word.Move64{Next: bw | at(7, acting, 4, 3), Verdict: word.Last}},
		{at(7, acting, 4, 3), false, word.Move64{Next: bw | at(7, acting, 4, 3), Verdict: word.Sleep}},
		{at(7, broken, 4, 0), true, word.Move64{Next: at(7, broken, 4, 0), Verdict: word.Broken}},
		{at(7, filling, 4, 3), false, word.Move64{Next: at(7, filling, 4, 3), Verdict: word.Corrupt}},
		{at(7, acting, 4, 2), false, word.Move64{Next: at(7, acting, 4, 2), Verdict: word.Corrupt}},
		{at(7, acting|broken, 4, 0), false, word.Move64{Next: at(7, acting|broken, 4, 0), Verdict: word.Corrupt}},
	} {
		if got := word.BarrierArrive(tt.word, 3, tt.acts); got != tt.want {
			t.Errorf("BarrierArrive(%#x, 3, %v) = %#x, want %#x", tt.word, tt.acts, got, tt.want)
		}
	}
}

func TestBarrierOutcome(t *testing.T) {
	at := layout.BarrierWord
	came := at(7, filling, 4, 1)
	for _, tt := range []struct {
		word, end uint64
		want      word.Move64
	}{
		{at(7, filling, 4, 1), 0, word.Move64{Next: bw | at(7, filling, 4, 1), Verdict: word.Sleep}},
		{at(7, acting, 4, 3), 0, word.Move64{Next: bw | at(7, acting, 4, 3), Verdict: word.Sleep}},
		{at(8, filling, 4, 0), 0, word.Move64{Next: at(8, filling, 4, 0), Verdict: word.Passed}},
		{at(8, broken, 4, 0), 0, word.Move64{Next: at(8, broken, 4, 0), Verdict: word.Broken}},
		{at(9, broken, 4, 0), 0, word.Move64{Next: at(9, broken, 4, 0), Verdict: word.Passed}},
		{at(8, filling, 5, 0), layout.BarrierEnd(4, 8), word.Move64{Next: at(8, filling, 5, 0), Verdict: word.Broken}},
		{at(20, filling, 6, 2), layout.BarrierEnd(4, 9), word.Move64{Next: at(20, filling, 6, 2), Verdict: word.Passed}},
		{at(20, filling, 36, 2), layout.BarrierEnd(36, 19), word.Move64{Next: at(20, filling, 36, 2), Verdict: word.Broken}},
	} {
		if got := word.BarrierOutcome(tt.word, came, tt.end); got != tt.want {
			t.Errorf("BarrierOutcome(%#x, %#x, %#x) = %#x, want %#x", tt.word, came, tt.end, got, tt.want)
		}
	}
}

func TestBarrierEndings(t *testing.T) {
	at := layout.BarrierWord
	broke := func(next uint64, wake int) word.Move64 {
		return word.Move64{Next: next, Verdict: word.Broken, Wake: wake}
	}
	for _, tt := range []struct {
		word                   uint64
		release, breaks, reset word.Move64 // release: of generation 7, epoch 4
	}{
		{at(7, acting, 4, 3), word.Move64{Next: at(8, filling, 4, 0), Verdict: word.Passed},
			broke(at(8, broken, 4, 0), 0), broke(at(8, broken, 4, 0), 0)},
		{bw | at(7, acting, 4, 3), word.Move64{Next: at(8, filling, 4, 0), Verdict: word.Passed, Wake: word.All},
			broke(at(8, broken, 4, 0), word.All), broke(at(8, broken, 4, 0), word.All)},
		{at(8, broken, 4, 0), broke(0, 0), broke(at(8, broken, 4, 0), 0), word.Move64{Next: at(8, filling, 5, 0), Verdict: word.Passed}},
		{at(8, broken, 1<<13-1, 0), broke(0, 0), broke(at(8, broken, 1<<13-1, 0), 0), word.Move64{Next: at(8, filling, 0, 0), Verdict: word.Passed}},
		{at(8, filling, 5, 0), broke(0, 0), broke(at(9, broken, 5, 0), 0), word.Move64{Next: at(8, filling, 5, 0), Verdict: word.Passed}},
		{bw | at(8, filling, 5, 1), broke(0, 0), broke(at(9, broken, 5, 0), word.All), broke(at(9, broken, 5, 0), word.All)},
	} {
		if tt.release.Verdict == word.Broken {
			tt.release.Next = tt.word
		}
		if got := word.BarrierRelease(tt.word, at(7, acting, 4, 3)); got != tt.release {
			t.Errorf("BarrierRelease(%#x) = %#x, want %#x", tt.word, got, tt.release)
		}
		if got := word.BarrierBreak(tt.word); got != tt.breaks {
			t.Errorf("BarrierBreak(%#x) = %#x, want %#x", tt.word, got, tt.breaks)
		}
		if got := word.BarrierReset(tt.word); got != tt.reset {
			t.Errorf("BarrierReset(%#x) = %#x, want %#x", tt.word, got, tt.reset)
		}
	}
	if got := word.BarrierEnded(at(8, broken, 4, 0)); got != layout.BarrierEnd(4, 8) {
		t.Errorf("BarrierEnded = %#x", got)
	}
}
