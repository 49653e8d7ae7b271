package host

import (
	"sync"

	"shmkit/internal/wire"
)

// An Update makes a new item of the one that is there, if it is, and an argument. It must be
// a pure function: what it gives depends on nothing else. Items are not to be changed.
type Update func(old wire.Item, exists bool, arg wire.Item) (wire.Item, error)

// An Order compares two items, as cmp.Compare. It must be a pure function.
type Order func(a, b wire.Item) int

// functions are those that the program has registered, by name.
var functions struct{ updates, orders sync.Map }

// RegisterUpdate registers an Update, and tells whether the name was free.
func RegisterUpdate(name string, f Update) bool {
	_, was := functions.updates.LoadOrStore(name, f)
	return !was
}

// RegisterOrder registers an Order, and tells whether the name was free.
func RegisterOrder(name string, f Order) bool {
	_, was := functions.orders.LoadOrStore(name, f)
	return !was
}

func findOrder(name string) (func(a, b wire.Item) int, error) {
	f, ok := functions.orders.Load(name)
	if !ok {
		return nil, wire.NewFault(wire.CodeNoType, "manager: the server has no order called %q", name)
	}
	return f.(Order), nil
}

// update reads text function, rest of body an Item for it, and gives what the function makes
// of old: it was kept, and given to the session.
// Errors: CodeNoType; CodePanic; as the function and keep.
func (c *Call) update(old wire.Item, exists bool) (wire.Item, error) {
	name, arg := c.in.Text(), wire.Item(c.in.Rest())
	if err := c.in.Err(); err != nil {
		return nil, err
	}
	f, ok := functions.updates.Load(name)
	if !ok {
		return nil, wire.NewFault(wire.CodeNoType, "manager: the server has no update called %q", name)
	}
	var item wire.Item
	var err error
	if failed := c.guard(name, func() { item, err = f.(Update)(old, exists, arg) }); failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	if item, err = c.keep(item); err == nil {
		c.h.give(c.s, item)
	}
	return item, err
}

// guard calls f, whose panic becomes an error.
func (c *Call) guard(name string, f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = wire.NewFault(wire.CodePanic, "manager: %s: %q panicked: %v", c.e.title(c.method), name, r)
		}
	}()
	f()
	return nil
}
