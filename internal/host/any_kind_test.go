package host

import (
	"errors"

	"shmkit/internal/wire"
)

func init() {
	RegisterKind("a", Kind{New: func(arg []byte) (Instance, *wire.Fault) { return &tally{n: len(arg)}, nil },
		Restore: func(state []byte) (Instance, error) { return &tally{n: len(state)}, nil }})
	RegisterUpdate("b", func(old wire.Item, exists bool, arg wire.Item) (wire.Item, error) {
		if !exists {
			return arg, nil
		}
		return old, nil
	})
	RegisterUpdate("c", func(wire.Item, bool, wire.Item) (wire.Item, error) { return nil, errors.New("no") })
	RegisterUpdate("panic", func(wire.Item, bool, wire.Item) (wire.Item, error) { panic("an update") })
	RegisterOrder("a", func(a, b wire.Item) int { return len(a) - len(b) })
	RegisterOrder("panic", func(_, _ wire.Item) int { panic("an order") })
}

// A tally is an instance of a registered type, which counts the bytes of arguments.
type tally struct{ n int }

func (t *tally) Call(method string, arg []byte) ([]byte, Instance, *wire.Fault) {
	switch method {
	case "a": // which reads
		return make([]byte, t.n), nil, nil
	case "b":
		t.n += len(arg)
		return nil, nil, nil
	}
	return nil, &tally{}, nil
}

func (t *tally) Exposes(method string) (yes, reads bool) {
	return method != "" && method != "panic", method == "a"
}

func (t *tally) Type() string          { return "a" }
func (t *tally) Save() ([]byte, error) { return make([]byte, t.n), nil }
