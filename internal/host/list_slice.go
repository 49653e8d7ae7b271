package host

import (
	"math/bits"
	"slices"

	"shmkit/internal/wire"
)

// repeatMost is how many items a list may have for having been repeated.
const repeatMost = 1 << 24

// A slice is from, from+step, … of a list: n items.
type slice struct{ from, step, n int }

// clamp makes an index of a slice one that there is: one less than 0 counts from the end, and
// what is outside is moved.
func clamp(i, low, high int64, n int) int {
	if i < 0 {
		i = max(i+int64(n), low) // i is at least the least int64, and n is not negative
	}
	return int(min(max(i, low), high))
}

// slice reads int from, int to, int step, as Python takes them.
// Errors: CodeArgument for a step of 0; ErrBody.
func (l *list) slice(c *Call) (s slice, err error) {
	from, to, step := c.in.Int(), c.in.Int(), c.in.Int()
	if err := c.in.Err(); err != nil {
		return s, err
	}
	n := int64(l.seq.n)
	switch {
	case step == 0:
		return s, wire.NewFault(wire.CodeArgument, "manager: %s: a step of 0", c.e.title(c.method))
	case step > 0:
		s.from, s.step = clamp(from, 0, n, l.seq.n), int(min(step, n+2)) // one of 1 stays one, and no other becomes it
		if end := clamp(to, 0, n, l.seq.n); end > s.from {
			s.n = (end - s.from + s.step - 1) / s.step
		}
	default:
		s.from, s.step = clamp(from, -1, n-1, l.seq.n), int(max(step, -n-2))
		if end := clamp(to, -1, n-1, l.seq.n); end < s.from {
			s.n = (s.from - end - s.step - 1) / -s.step
		}
	}
	return s, nil
}

func listSlice(c *Call) error {
	l := c.e.object.(*list)
	s, err := l.slice(c)
	if err != nil {
		return err
	}
	c.out = wire.AppendUint(c.out, uint64(s.n))
	if s.step == 1 {
		for i, item := range l.seq.from(s.from) {
			if i == s.from+s.n {
				break
			}
			c.out = wire.AppendBytes(c.out, item)
		}
		return c.in.End()
	}
	for i := range s.n {
		c.out = wire.AppendBytes(c.out, l.seq.at(s.from+i*s.step))
	}
	return c.in.End()
}

func listSetSlice(c *Call) error {
	l := c.e.object.(*list)
	s, err := l.slice(c)
	if err != nil {
		return err
	}
	items, err := c.readItems(&c.in)
	if err != nil {
		return err
	}
	if s.step != 1 && len(items) != s.n {
		return wire.NewFault(wire.CodeArgument, "manager: %s: %d items for the %d places of a slice with steps", c.e.title(c.method), len(items), s.n)
	}
	if err := c.keepAll(items, 0); err != nil {
		return err
	}
	if s.step == 1 {
		c.h.dropItems(l.splice(s.from, s.from+s.n, items...))
		return nil
	}
	for i, item := range items {
		l.put(c.h, s.from+i*s.step, item)
	}
	return nil
}

func listDeleteSlice(c *Call) error {
	l := c.e.object.(*list)
	s, err := l.slice(c)
	if err != nil {
		return err
	}
	if err := c.in.End(); err != nil {
		return err
	}
	if s.n == 0 {
		return nil
	}
	if s.step < 0 {
		s.from, s.step = s.from+(s.n-1)*s.step, -s.step
	}
	end := s.from + (s.n-1)*s.step + 1
	left := make([]wire.Item, 0, end-s.from-s.n)
	for i, item := range l.seq.from(s.from) {
		if i == end {
			break
		}
		if (i-s.from)%s.step != 0 {
			left = append(left, item)
		} else if item.Tag() == wire.TagRef {
			c.h.dropItem(item)
		}
	}
	l.splice(s.from, end, left...)
	return nil
}

// times reads how often, and gives the items that often.
// Errors: CodeTooMuch; ErrBody.
func (l *list) times(c *Call) ([]wire.Item, error) {
	n := max(c.in.Int(), 0)
	if err := c.in.End(); err != nil {
		return nil, err
	}
	hi, lo := bits.Mul64(uint64(l.seq.n), uint64(n))
	if hi != 0 || lo > repeatMost {
		return nil, wire.NewFault(wire.CodeTooMuch, "manager: %s: %d items %d times are more than %d", c.e.title(c.method), l.seq.n, n, repeatMost)
	}
	if lo == 0 {
		return nil, nil
	}
	return slices.Repeat(l.seq.items(), int(n)), nil
}

// again makes the references of items, which are kept already, those of one more.
func (h *Host) again(items []wire.Item) {
	for _, item := range items {
		if id, _, ok := item.Ref(); ok {
			h.ref(h.objects[id], 1)
		}
	}
}

func listRepeat(c *Call) error {
	l := c.e.object.(*list)
	all, err := l.times(c)
	if err != nil {
		return err
	}
	c.h.again(all)
	c.h.dropItems(l.splice(0, l.seq.n, all...))
	return nil
}

func listRepeated(c *Call) error {
	all, err := c.e.object.(*list).times(c)
	if err != nil {
		return err
	}
	return c.newList(all)
}

// newList makes a list of items that are kept already, to which the session refers.
func (c *Call) newList(items []wire.Item) error {
	c.h.again(items)
	l := &list{}
	l.splice(0, 0, items...)
	return c.deliver(wire.TypeList, l)
}

// deliver makes an object, to which the session refers, and appends its id.
// Errors: CodeTooMuch.
func (c *Call) deliver(kind wire.Type, o object) error {
	e := c.h.add(kind, o)
	if err := c.h.hold(c.s, e); err != nil {
		c.h.dropping = append(c.h.dropping, e)
		return err
	}
	c.out = wire.AppendUint(c.out, e.id)
	return nil
}

// other reads uint object, a list.
// Errors: CodeNoObject; CodeWrongType; ErrBody.
func (c *Call) otherList() (*list, error) {
	o, err := c.other(wire.TypeList)
	if err != nil {
		return nil, err
	}
	return o.object.(*list), c.in.End()
}

// other reads uint object, of that type.
// Errors: CodeNoObject; CodeWrongType; ErrBody.
func (c *Call) other(kind wire.Type) (*entry, error) {
	id := c.in.Uint()
	if err := c.in.Err(); err != nil {
		return nil, err
	}
	e, err := c.h.entry(id)
	switch {
	case err != nil:
		return nil, err
	case e.kind != kind:
		return nil, wire.NewFault(wire.CodeWrongType, "manager: %s: object %#x is a %v, not a %v", c.e.title(c.method), id, e.kind, kind)
	}
	return e, nil
}

func listConcat(c *Call) error {
	o, err := c.otherList()
	if err != nil {
		return err
	}
	return c.newList(append(c.e.object.(*list).seq.items(), o.seq.items()...))
}

// listExtendFrom keeps each item as if it came from outside: one may be what l is inside of.
func listExtendFrom(c *Call) error {
	l := c.e.object.(*list)
	o, err := c.otherList()
	if err != nil {
		return err
	}
	if l.seq.n+o.seq.n > repeatMost {
		return wire.NewFault(wire.CodeTooMuch, "manager: %s: %d and %d items are more than %d", c.e.title(c.method), l.seq.n, o.seq.n, repeatMost)
	}
	items := o.seq.items()
	if err := c.rekeep(items, o.refs > 0); err != nil {
		return err
	}
	l.splice(l.seq.n, l.seq.n, items...)
	return nil
}

// rekeep keeps items that another object has.
func (c *Call) rekeep(items []wire.Item, refs bool) error {
	if !refs {
		return nil
	}
	for i, item := range items {
		if item.Tag() != wire.TagRef {
			continue
		}
		if _, err := c.keep(item); err != nil {
			c.h.dropItems(items[:i])
			return err
		}
	}
	return nil
}

func listCopy(c *Call) error {
	l := c.e.object.(*list)
	if err := c.in.End(); err != nil {
		return err
	}
	return c.deliver(wire.TypeList, l.picture(c.h))
}

// picture is l as it is now. What it refers to stays as long as it does.
func (l *list) picture(h *Host) *list {
	l.refers(func(id uint64) { h.ref(h.objects[id], 1) })
	return &list{seq: l.seq.picture(), refs: l.refs}
}
