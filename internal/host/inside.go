package host

import "shmkit/internal/wire"

// container is an object in which others may be, under keys.
type container interface {
	at(c *Call, key wire.Key) (wire.Item, error)
	// setAt puts an item that is not kept yet.
	setAt(c *Call, key wire.Key, item wire.Item) error
	deleteAt(c *Call, key wire.Key) error
	// addAt appends the sum.
	addAt(c *Call, key wire.Key, delta wire.Item) error
	size() int
}

func init() {
	for m, spec := range map[wire.Method]method{
		wire.ItemGet:    {"Get", true, itemGet},
		wire.ItemSet:    {"Set", false, itemSet},
		wire.ItemDelete: {"Delete", false, itemDelete},
		wire.ItemAdd:    {"Add", false, itemAdd},
		wire.ItemAppend: {"Append", false, itemAppend},
		wire.ItemLen:    {"Len", true, itemLen},
		wire.ItemPlain:  {"Plain", true, itemPlain},
	} {
		table[wire.TypeServer][uint8(m)] = spec
	}
}

// ofItems tells whether m is a method of all containers.
func ofItems(m wire.Method) bool { return m >= wire.ItemGet && m <= wire.ItemLast }

// container is the object as one.
// Errors: CodeWrongType.
func (c *Call) container() (container, error) {
	box, ok := c.e.object.(container)
	if _, keys := c.e.object.(*set); ok && !keys { // which has pairs, but no items
		return box, nil
	}
	return nil, wire.NewFault(wire.CodeWrongType, "manager: a %v has nothing inside", c.e.kind)
}

func itemGet(c *Call) error {
	box, err := c.container()
	if err != nil {
		return err
	}
	item, err := box.at(c, c.in.Rest())
	c.out = append(c.out, item...)
	return err
}

func itemSet(c *Call) error {
	box, err := c.container()
	if err != nil {
		return err
	}
	key, item := c.in.Key(), wire.Item(c.in.Rest())
	if err := c.in.Err(); err != nil {
		return err
	}
	return box.setAt(c, key, item)
}

func itemDelete(c *Call) error {
	box, err := c.container()
	if err != nil {
		return err
	}
	return box.deleteAt(c, c.in.Rest())
}

func itemAdd(c *Call) error {
	box, err := c.container()
	if err != nil {
		return err
	}
	key, delta := c.in.Key(), wire.Item(c.in.Rest())
	if err := c.in.Err(); err != nil {
		return err
	}
	return box.addAt(c, key, delta)
}

func itemAppend(c *Call) error {
	if _, ok := c.e.object.(*list); !ok {
		return wire.NewFault(wire.CodeWrongType, "manager: nothing can be appended to a %v", c.e.kind)
	}
	return listAppend(c)
}

func itemLen(c *Call) error {
	box, err := c.container()
	if err != nil {
		return err
	}
	c.out = wire.AppendUint(c.out, uint64(box.size()))
	return c.in.End()
}

// How pairs are a container.

func (p *pairs) at(c *Call, key wire.Key) (wire.Item, error) {
	item, ok := p.get(key)
	if !ok {
		return nil, c.errNoKey(key)
	}
	return item, nil
}

func (p *pairs) setAt(c *Call, key wire.Key, item wire.Item) error {
	item, err := c.keep(item)
	if err == nil {
		p.put(c.h, key, item)
	}
	return err
}

func (p *pairs) deleteAt(c *Call, key wire.Key) error {
	if _, ok := p.remove(c.h, key); !ok {
		return c.errNoKey(key)
	}
	return nil
}

func (p *pairs) addAt(c *Call, key wire.Key, delta wire.Item) error { return p.addTo(c, key, delta) }

func (p *pairs) size() int { return p.len() }

// How a list is a container: keys are indices.

// number is the index that a key is.
// Errors: CodeWrongType; CodeRange.
func (l *list) number(c *Call, key wire.Key) (int, error) {
	switch n, _ := key.Number(); n := n.(type) {
	case int64:
		return l.place(c, n)
	case uint64:
		return l.place(c, int64(min(n, 1<<62)))
	}
	return 0, wire.NewFault(wire.CodeWrongType, "manager: key %s is no index of a List", keyText(key))
}

func (l *list) at(c *Call, key wire.Key) (wire.Item, error) {
	i, err := l.number(c, key)
	if err != nil {
		return nil, err
	}
	return l.seq.at(i), nil
}

func (l *list) setAt(c *Call, key wire.Key, item wire.Item) error {
	i, err := l.number(c, key)
	if err != nil {
		return err
	}
	if item, err = c.keep(item); err == nil {
		l.put(c.h, i, item)
	}
	return err
}

func (l *list) deleteAt(c *Call, key wire.Key) error {
	i, err := l.number(c, key)
	if err == nil {
		c.h.dropItems(l.splice(i, i+1))
	}
	return err
}

func (l *list) addAt(c *Call, key wire.Key, delta wire.Item) error {
	i, err := l.number(c, key)
	if err != nil {
		return err
	}
	return l.addTo(c, i, delta)
}

func (l *list) size() int { return l.seq.n }
