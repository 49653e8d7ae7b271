package host

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"shmkit/internal/wire"
)

// search gives where the first item is that is equal, or -1.
func (l *list) search(item wire.Item, from, to int) int {
	for i, x := range l.seq.from(from) {
		if i >= to {
			break
		}
		if same(x, item) {
			return i
		}
	}
	return -1
}

func (c *Call) errNoItem() error {
	return wire.NewFault(wire.CodeNotFound, "manager: %s: no item is equal to that", c.e.title(c.method))
}

func listRemove(c *Call) error {
	l := c.e.object.(*list)
	i := l.search(c.in.Rest(), 0, l.seq.n)
	if i < 0 {
		return c.errNoItem()
	}
	c.h.dropItems(l.splice(i, i+1))
	return nil
}

func listIndex(c *Call) error {
	l, from, to := c.e.object.(*list), c.in.Int(), c.in.Int()
	item := wire.Item(c.in.Rest())
	if err := c.in.Err(); err != nil {
		return err
	}
	n := int64(l.seq.n)
	i := l.search(item, clamp(from, 0, n, l.seq.n), clamp(to, 0, n, l.seq.n))
	if i < 0 {
		return c.errNoItem()
	}
	c.out = wire.AppendUint(c.out, uint64(i))
	return nil
}

func listCount(c *Call) error {
	l, item, n := c.e.object.(*list), wire.Item(c.in.Rest()), uint64(0)
	for _, x := range l.seq.from(0) {
		if same(x, item) {
			n++
		}
	}
	c.out = wire.AppendUint(c.out, n)
	return nil
}

func listContains(c *Call) error {
	l := c.e.object.(*list)
	c.out = wire.AppendBool(c.out, l.search(c.in.Rest(), 0, l.seq.n) >= 0)
	return nil
}

func listReverse(c *Call) error {
	l := c.e.object.(*list)
	if err := c.in.End(); err != nil {
		return err
	}
	all := l.seq.items()
	slices.Reverse(all)
	l.splice(0, l.seq.n, all...)
	return nil
}

func listSort(c *Call) error {
	l, reverse, name := c.e.object.(*list), c.in.Bool(), c.in.Text()
	if err := c.in.End(); err != nil {
		return err
	}
	all := l.seq.items()
	compare, err := c.order(name, all)
	if err != nil {
		return err
	}
	sign := 1
	if reverse { // equal ones stay in their order, as in Python
		sign = -1
	}
	if err := c.guard(name, func() { slices.SortStableFunc(all, func(a, b wire.Item) int { return sign * compare(a, b) }) }); err != nil {
		return err
	}
	l.splice(0, l.seq.n, all...)
	return nil
}

// order gives what compares items: by the registered order of that name, or by size.
// Errors: CodeNoType; CodeWrongType.
func (c *Call) order(name string, items []wire.Item) (func(a, b wire.Item) int, error) {
	if name != "" {
		return findOrder(name)
	}
	for _, item := range items {
		tag := item.Tag()
		if tag != items[0].Tag() || !ordered(item) {
			return nil, wire.NewFault(wire.CodeWrongType, "manager: %s: only numbers of one kind, text, bytes or bools have an order; for others register one", c.e.title(c.method))
		}
	}
	return compareItems, nil
}

func ordered(item wire.Item) bool {
	switch item.Tag() {
	case wire.TagInt, wire.TagUint, wire.TagFloat:
		_, ok := item.Number()
		return ok
	case wire.TagText, wire.TagBlob, wire.TagBool:
		return true
	}
	return false
}

// compareItems compares two that have an order, of one tag.
func compareItems(a, b wire.Item) int {
	x, _ := a.Number()
	y, _ := b.Number()
	switch a.Tag() {
	case wire.TagInt:
		return cmp.Compare(int64(x), int64(y))
	case wire.TagUint:
		return cmp.Compare(x, y)
	case wire.TagFloat:
		return cmp.Compare(math.Float64frombits(x), math.Float64frombits(y))
	}
	return bytes.Compare(a, b)
}
