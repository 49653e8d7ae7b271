package manager_test

import (
	"testing"

	"shmkit/manager"
)

// conformance: MC-08
func TestNamespace(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.dial(t)
		n, err := manager.NewNamespace(c, nil, manager.Named("n"))
		must(t, err)
		must(t, n.Set("name", "Bob"))
		must(t, n.Set("job", "Builder"))
		must(t, n.Set("_hidden", "hidden"))
		want[any](t, "name", "Bob")(n.Get("name"))
		want[any](t, "_hidden", "hidden")(n.Get("_hidden"))
		must(t, n.Delete("job"))
		must(t, n.Set("x", 1.5))
		same(t, "String", n.String(), `Namespace(name="Bob", x=1.5)`)
		want(t, "Values", map[string]any{"name": "Bob", "x": 1.5})(n.Values())
		fails[any](t, "job", manager.ErrNotFound)(n.Get("job"))
		is(t, "Delete", n.Delete("job"), manager.ErrNotFound)

		m, err := manager.OpenNamespace(w.dial(t), "n")
		must(t, err)
		fails[any](t, "_hidden of another", manager.ErrNotFound)(m.Get("_hidden"))
		want[any](t, "name", "Bob")(m.Get("name"))
		want(t, "Attr", 1.5)(manager.Attr[float64](m, "x"))
		fails[int](t, "Attr", manager.ErrType)(manager.Attr[int](m, "x"))
		must(t, n.Delete("_hidden"))
		is(t, "Delete", n.Delete("_hidden"), manager.ErrNotFound)
		_, err = manager.NewNamespace(c, map[string]any{"_x": 1})
		is(t, "a hidden name at the server", err, manager.ErrArgument)
	})
}
