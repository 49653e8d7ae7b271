package pools

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"shmkit/pool"
)

// Fails: an error has its kind, and a panic its text, and either is that of its task alone.
//
// conformance: PL-20
func Fails(t *testing.T, w *World) {
	p := w.begin(t, 2, 0)
	if _, err := p.Apply(t.Context(), Bad, fails); !errors.Is(err, errOurs) || !strings.Contains(err.Error(), "it went wrong") {
		t.Error(err)
	}
	works(t, p)
	r := p.ApplyAsync(Bad, fails)
	if _, err := r.Get(t.Context()); !errors.Is(err, errOurs) {
		t.Error(err)
	}
	if ok, err := r.Successful(); ok || err != nil {
		t.Error(ok, err)
	}
	if _, err := p.Apply(t.Context(), Bad, panics); err == nil || !strings.Contains(err.Error(), "help") {
		t.Error(err)
	}
	works(t, p)
}

// MapItemFails: an item that fails is told by its index, and all others have results.
func MapItemFails(t *testing.T, w *World) {
	p := w.begin(t, 2, 0)
	for _, chunk := range []int{0, 1, 5} {
		got, err := p.Map(t.Context(), Unlucky, numbers(20), chunk)
		var several *pool.MapError
		if !errors.As(err, &several) || len(several.Items) != 1 || several.Items[0].Index != 13 || !errors.Is(err, errOurs) {
			t.Error(err)
		}
		want := numbers(20)
		want[13] = 0
		if !slices.Equal(got, want) {
			t.Error(got)
		}
	}
	i := 0
	for v, err := range p.Imap(t.Context(), Unlucky, input(40, nil), 5) {
		if (err != nil) != (i == 13) || err == nil && v != i {
			t.Errorf("item %d: %d, %v", i, v, err)
		}
		i++
	}
	if i != 40 {
		t.Errorf("%d items", i)
	}
}

// WorkerDies: a worker that ends in a task is the error of that task, and another comes.
func WorkerDies(t *testing.T, w *World) {
	p := w.begin(t, 2, 0)
	for _, how := range []int{exits, killed} {
		var died *pool.WorkerDied
		if _, err := p.Apply(t.Context(), Bad, how); !errors.As(err, &died) || how == exits && died.Code != 7 {
			t.Errorf("%d: %v", how, err)
		}
		works(t, p)
	}
}
