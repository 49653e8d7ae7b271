package suite

import "testing"

// Behaviour is one thing that objects do, and the test for it.
type Behaviour[W any] struct {
	Name string
	Test func(t *testing.T, w W)
}

// Except names behaviours that a world does not have, each with the reason.
type Except map[string]string

// Run runs all behaviours but the excepted ones, each as a subtest. An exception that names
// none of them fails.
func Run[W any](t *testing.T, w W, all []Behaviour[W], except Except) {
	t.Helper()
	known := map[string]bool{}
	for _, b := range all {
		known[b.Name] = true
		t.Run(b.Name, func(t *testing.T) {
			if why := except[b.Name]; why != "" {
				t.Skip(why)
			}
			b.Test(t, w)
		})
	}
	for name := range except {
		if !known[name] {
			t.Errorf("there is no behaviour %q to be excepted", name)
		}
	}
}
