package word_test

import (
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

const (
	waits, set = layout.EventWaiters, layout.EventIsSet
	lastTime   = layout.EventGeneration
)

func TestEvent(t *testing.T) {
	for _, tt := range []struct {
		word             uint32
		set, clear, wait word.Move // wait: since generation 5
	}{
		{5, word.Move{Next: set | 6, Verdict: word.Passed}, word.Move{Next: 5, Verdict: word.Passed},
			word.Move{Next: waits | 5, Verdict: word.Sleep}},
		{waits | 5, word.Move{Next: set | 6, Verdict: word.Passed, Wake: word.All}, word.Move{Next: waits | 5, Verdict: word.Passed},
			word.Move{Next: waits | 5, Verdict: word.Sleep}},
		{set | 5, word.Move{Next: set | 5, Verdict: word.Passed}, word.Move{Next: 5, Verdict: word.Passed},
			word.Move{Next: set | 5, Verdict: word.Passed}},
		{6, word.Move{Next: set | 7, Verdict: word.Passed}, word.Move{Next: 6, Verdict: word.Passed},
			word.Move{Next: 6, Verdict: word.Passed}},
		{waits | lastTime, word.Move{Next: set, Verdict: word.Passed, Wake: word.All},
			word.Move{Next: waits | lastTime, Verdict: word.Passed}, word.Move{Next: waits | lastTime, Verdict: word.Passed}},
		// Nobody writes this one; whoever sleeps is woken all the same.
		{waits | set | 5, word.Move{Next: set | 6, Verdict: word.Passed, Wake: word.All},
			word.Move{Next: waits | 5, Verdict: word.Passed}, word.Move{Next: waits | set | 5, Verdict: word.Passed}},
	} {
		if got := word.EventSet(tt.word); got != tt.set {
			t.Errorf("EventSet(%#x) = %#x, want %#x", tt.word, got, tt.set)
		}
		if got := word.EventClear(tt.word); got != tt.clear {
			t.Errorf("EventClear(%#x) = %#x, want %#x", tt.word, got, tt.clear)
		}
		if got, want := word.EventWait(tt.word, set|5), (word.Move{Next: tt.word, Verdict: word.Passed}); got != want {
			t.Errorf("EventWait(%#x) since it was set = %#x, want %#x", tt.word, got, want)
		}
		if got := word.EventWait(tt.word, 5); got != tt.wait {
			t.Errorf("EventWait(%#x) = %#x, want %#x", tt.word, got, tt.wait)
		}
	}
}
