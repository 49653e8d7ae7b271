package pools

import (
	"errors"
	"slices"
	"testing"

	"shmkit/pool"
)

// Apply: a call gives what its function does, asynchronous or not, of one argument or two.
//
// conformance: PL-01, PL-09
func Apply(t *testing.T, w *World) {
	p := w.begin(t, 2, 0)
	for i := range 50 {
		if got, err := p.Apply(t.Context(), Square, i); got != i*i || err != nil {
			t.Fatal(got, err)
		}
	}
	var list []Result[int]
	for i := range 50 {
		list = append(list, p.ApplyAsync(Square, i))
	}
	for i, r := range list {
		if got, err := r.Get(t.Context()); got != i*i || err != nil || !r.Ready() {
			t.Error(got, err)
		}
		if ok, err := r.Successful(); !ok || err != nil {
			t.Error(ok, err)
		}
	}
	if got, err := p.Power(t.Context(), 2, 8); got != 256 || err != nil {
		t.Error(got, err)
	}
}

// Map: the results are in the order of the list, whatever the chunks.
//
// conformance: PL-02, PL-04
func Map(t *testing.T, w *World) {
	p := w.begin(t, 3, 0)
	for _, chunk := range []int{0, 1, 3, 20, 41, 50, 1 << 40} {
		got, err := p.Map(t.Context(), Square, numbers(41), chunk)
		same(t, got, squaresOf(41), err)
		got, err = p.MapAsync(Square, numbers(41), chunk).Get(t.Context())
		same(t, got, squaresOf(41), err)
	}
	for _, chunk := range []int{0, 1, 20, 5000} {
		got, err := p.Map(t.Context(), Square, numbers(1000), chunk)
		same(t, got, squaresOf(1000), err)
	}
}

// Starmap: a function of several arguments goes over a list of them.
//
// conformance: PL-03
func Starmap(t *testing.T, w *World) {
	p := w.begin(t, 2, 0)
	got, err := p.Starmap(t.Context(), pool.Zip2([]int{2, 3, 4}, []int{3, 2, 1}))
	same(t, got, []int{8, 9, 4}, err)
}

// Imap: results come one by one, in order or as they come.
//
// conformance: PL-11, PL-13
func Imap(t *testing.T, w *World) {
	p := w.begin(t, 3, 0)
	for _, chunk := range []int{0, 100} {
		got, err := collect(p.Imap(t.Context(), Square, input(1000, nil), chunk))
		same(t, got, squaresOf(1000), err)
		got, err = collect(p.ImapUnordered(t.Context(), Square, input(1000, nil), chunk))
		slices.Sort(got)
		same(t, got, squaresOf(1000), err)
	}
	for range p.Imap(t.Context(), Square, input(1000, nil), 0) {
		break // the rest is given up
	}
	works(t, p)
}

// ImapInputFails: the results of what came before come first, and then the error.
//
// conformance: PL-12, PL-14
func ImapInputFails(t *testing.T, w *World) {
	p := w.begin(t, 2, 0)
	got, err := collect(p.Imap(t.Context(), Square, input(30, errInput), 7))
	if !errors.Is(err, errInput) || !slices.Equal(got, squaresOf(30)) {
		t.Error(got, err)
	}
	got, err = collect(p.ImapUnordered(t.Context(), Square, input(30, errInput), 7))
	slices.Sort(got)
	if !errors.Is(err, errInput) || !slices.Equal(got, squaresOf(30)) {
		t.Error(got, err)
	}
}

// Empty: nothing of nothing, at once, in every form.
//
// conformance: PL-07, PL-17
func Empty(t *testing.T, w *World) {
	p := w.begin(t, 2, 0)
	for _, chunk := range []int{0, 20} {
		got, err := p.Map(t.Context(), Square, nil, chunk)
		same(t, got, nil, err)
		got, err = p.MapAsync(Square, nil, chunk).Get(t.Context())
		same(t, got, nil, err)
		got, err = collect(p.Imap(t.Context(), Square, input(0, nil), chunk))
		same(t, got, nil, err)
		got, err = collect(p.ImapUnordered(t.Context(), Square, input(0, nil), chunk))
		same(t, got, nil, err)
	}
}

// Misuse: impossible numbers are errors.
//
// conformance: PL-15, PL-28
func Misuse(t *testing.T, w *World) {
	for _, n := range []int{0, -1} {
		if _, err := w.New(t, n, 0); !errors.Is(err, pool.ErrWorkers) {
			t.Errorf("%d workers: %v", n, err)
		}
	}
	if _, err := w.New(t, 1, -1); !errors.Is(err, pool.ErrOption) {
		t.Errorf("-1 tasks: %v", err)
	}
	p := w.begin(t, 1, 0)
	if _, err := p.Map(t.Context(), Square, numbers(3), -1); !errors.Is(err, pool.ErrOption) {
		t.Errorf("chunks of -1: %v", err)
	}
	if _, err := collect(p.Imap(t.Context(), Square, input(3, nil), -1)); !errors.Is(err, pool.ErrOption) {
		t.Errorf("chunks of -1: %v", err)
	}
	works(t, p)
}
