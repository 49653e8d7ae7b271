package word_test

import (
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

const (
	sw, sm        = layout.SemaphoreWaiters, layout.SemaphoreMany
	semaphoreMost = layout.SemaphoreMost
	all           = word.All
)

func TestSemaphoreAcquire(t *testing.T) {
	for _, tt := range []struct {
		word, n uint32
		slept   bool
		want    word.Move
	}{
		{3, 1, false, word.Move{2, word.Taken, 0}},
		{semaphoreMost, semaphoreMost, false, word.Move{0, word.Taken, 0}},
		{sw | 3, 2, false, word.Move{sw | 1, word.Taken, 0}},
		{sw | sm | 3, 1, false, word.Move{sw | sm | 2, word.Taken, 0}},
		{3, 1, true, word.Move{sw | 2, word.Taken, 1}},
		{sw | 3, 1, true, word.Move{sw | 2, word.Taken, 1}},
		{1, 1, true, word.Move{sw, word.Taken, 0}},
		{sw | sm | 3, 1, true, word.Move{sw | sm | 2, word.Taken, 0}},
		{sw | sm | 3, 3, true, word.Move{sw | sm, word.Taken, 0}},
		{0, 1, false, word.Move{sw, word.Sleep, 0}},
		{sw, 1, true, word.Move{sw, word.Sleep, 0}},
		{sw | sm, 1, true, word.Move{sw | sm, word.Sleep, 0}},
		{1, 2, false, word.Move{sw | sm | 1, word.Sleep, all}},
		{sw | sm | 1, 2, true, word.Move{sw | sm | 1, word.Sleep, 0}},
		{0, 2, false, word.Move{sw | sm, word.Sleep, 0}},
		{sw, 2, true, word.Move{sw | sm, word.Sleep, 0}},
	} {
		if got := word.SemaphoreAcquire(tt.word, tt.n, tt.slept); got != tt.want {
			t.Errorf("SemaphoreAcquire(%#x, %d, %v) = %#x, want %#x", tt.word, tt.n, tt.slept, got, tt.want)
		}
	}
}

func TestSemaphoreRelease(t *testing.T) {
	for _, tt := range []struct {
		word, n, bound uint32
		want           word.Move
	}{
		{0, 1, 1, word.Move{1, word.Released, 0}},
		{sw, 3, 3, word.Move{3, word.Released, 3}},
		{sw | 1, 1, semaphoreMost, word.Move{2, word.Released, 1}},
		{sw | sm | 1, 1, 2, word.Move{2, word.Released, all}},
		{1, 1, 1, word.Move{1, word.TooMany, 0}},
		{sw | sm | 1, 2, 2, word.Move{sw | sm | 1, word.TooMany, 0}},
		{0, ^uint32(0), semaphoreMost, word.Move{0, word.TooMany, 0}},
		{1, ^uint32(0), semaphoreMost, word.Move{1, word.TooMany, 0}},
		{semaphoreMost, 1, semaphoreMost, word.Move{semaphoreMost, word.TooMany, 0}},
		{5, 1, 2, word.Move{5, word.TooMany, 0}}, // damaged
	} {
		if got := word.SemaphoreRelease(tt.word, tt.n, tt.bound); got != tt.want {
			t.Errorf("SemaphoreRelease(%#x, %d, %d) = %#x, want %#x", tt.word, tt.n, tt.bound, got, tt.want)
		}
	}
}

// The fast paths of package sync are a compare-and-swap of the word by 1.
func TestSemaphoreFastPaths(t *testing.T) {
	for _, w := range []uint32{1, semaphoreMost, sw | 1, sw | sm | 7} {
		if m := word.SemaphoreAcquire(w, 1, false); m != (word.Move{w - 1, word.Taken, 0}) {
			t.Errorf("%#x: %#x", w, m)
		}
	}
	for _, w := range []uint32{0, 6} {
		if m := word.SemaphoreRelease(w, 1, 7); m != (word.Move{w + 1, word.Released, 0}) {
			t.Errorf("%#x: %#x", w, m)
		}
	}
}

func TestPermits(t *testing.T) {
	const pw = layout.PermitsWaiters
	for _, tt := range []struct {
		cell  uint32
		owner word.Owner
		want  word.Move
	}{
		{0, word.Unasked, word.Move{me, word.Taken, 0}},
		{other, word.Unasked, word.Move{other, word.Held, 0}},
		{other, word.Alive, word.Move{other, word.Held, 0}},
		{other, word.Dead, word.Move{me, word.TakenOver, 0}},
		{me, word.Dead, word.Move{me, word.Held, 0}},
		{3 << 20, word.Dead, word.Move{3 << 20, word.Corrupt, 0}},
		{1<<30 | other, word.Dead, word.Move{1<<30 | other, word.Corrupt, 0}},
	} {
		if got := word.PermitTake(tt.cell, me, tt.owner); got != tt.want {
			t.Errorf("PermitTake(%#x, %d) = %#x, want %#x", tt.cell, tt.owner, got, tt.want)
		}
	}
	for name, got := range map[string][2]word.Move{
		"give":                {word.PermitGive(me, me), {0, word.Released, 0}},
		"give a free one":     {word.PermitGive(0, me), {0, word.NotHeld, 0}},
		"give another's":      {word.PermitGive(other, me), {other, word.NotHeld, 0}},
		"announce":            {word.PermitsAnnounce(7), {pw | 7, word.Sleep, 0}},
		"announce again":      {word.PermitsAnnounce(pw | 7), {pw | 7, word.Sleep, 0}},
		"taken":               {word.PermitsTaken(7), {7, word.Taken, 0}},
		"taken from sleepers": {word.PermitsTaken(pw | 7), {pw | 7, word.Taken, 1}},
		"changed":             {word.PermitsChanged(7), {7, word.Released, 0}},
		"changed, waited for": {word.PermitsChanged(pw | 7), {8, word.Released, 1}},
		"changed, wraps":      {word.PermitsChanged(^uint32(0)), {0, word.Released, 1}},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %#x, want %#x", name, got[0], got[1])
		}
	}
}
