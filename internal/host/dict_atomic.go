package host

import "shmkit/internal/wire"

func dictAdd(c *Call) error {
	d, key := c.e.object.(*dict), c.in.Key()
	delta := wire.Item(c.in.Rest())
	if err := c.in.Err(); err != nil {
		return err
	}
	return d.addTo(c, key, delta)
}

// addTo adds to the number of a key, which is 0 if it is absent, and appends the sum.
func (p *pairs) addTo(c *Call, key wire.Key, delta wire.Item) error {
	sum, err := p.sum(key, delta)
	if err != nil {
		return err
	}
	p.put(c.h, key, sum)
	c.out = append(c.out, sum...)
	return nil
}

func (p *pairs) sum(key wire.Key, delta wire.Item) (wire.Item, error) {
	if old, ok := p.get(key); ok {
		return plus(old, delta)
	}
	if _, ok := delta.Number(); !ok {
		return nil, errNoNumber
	}
	return append(wire.Item(nil), delta...), nil
}

func dictCompareAndSwap(c *Call) error {
	d, key, old, item := c.e.object.(*dict), c.in.Key(), c.in.Item(), c.in.Item()
	if err := c.in.End(); err != nil {
		return err
	}
	now, ok := d.get(key)
	swap := ok && same(now, old)
	if swap {
		item, err := c.keep(item)
		if err != nil {
			return err
		}
		d.put(c.h, key, item)
	}
	c.out = wire.AppendBool(c.out, swap)
	return nil
}

func dictUpdate(c *Call) error {
	d, key := c.e.object.(*dict), c.in.Key()
	old, ok := d.get(key)
	item, err := c.update(old, ok)
	if err != nil {
		return err
	}
	d.put(c.h, key, item)
	c.out = append(c.out, item...)
	return nil
}

// dictCommit makes all changes in a copy, which costs little, and then that is the dict.
func dictCommit(c *Call) error {
	d := c.e.object.(*dict)
	if err := c.conditions(d); err != nil {
		return err
	}
	t := transaction{c: c, pairs: pairs{tree: *d.tree.Copy(), refs: d.refs}}
	err := t.actions()
	if err == nil {
		err = c.in.End()
	}
	if err != nil {
		c.h.dropItems(t.fresh)
		return err
	}
	d.pairs = t.pairs
	c.h.dropItems(t.stale)
	return nil
}

// conditions reads uint n, n × (byte condition, key, item).
// Errors: CodeChanged for the first that does not hold; CodeArgument; ErrBody.
func (c *Call) conditions(d *dict) error {
	for range c.in.Count(9) {
		condition, key, item := c.in.Byte(), c.in.Key(), c.in.Item()
		if err := c.in.Err(); err != nil {
			return err
		}
		now, is := d.get(key)
		holds, want := false, ""
		switch condition {
		case wire.IfEqual:
			holds, want = is && same(now, item), "is not what it was to be"
		case wire.IfAbsent:
			holds, want = !is, "is there"
		case wire.IfExists:
			holds, want = is, "is not there"
		default:
			return wire.NewFault(wire.CodeArgument, "manager: %s: no condition has number %d", c.e.title(c.method), condition)
		}
		if !holds {
			f := wire.NewFault(wire.CodeChanged, "manager: %s: key %s %s", c.e.title(c.method), keyText(key), want)
			f.Data = append([]byte(nil), key...)
			return f
		}
	}
	return c.in.Err()
}

// A transaction is the changes to a copy of a dict.
type transaction struct {
	c            *Call
	pairs        pairs
	fresh, stale []wire.Item // references that were kept for it, and those that it replaces
}

// actions reads uint n, n × (byte action, key, item) and does them.
// Errors: CodeWrongType; CodeArgument; as keep; ErrBody.
func (t *transaction) actions() error {
	c := t.c
	for range c.in.Count(9) {
		action, key, item := c.in.Byte(), c.in.Key(), c.in.Item()
		if err := c.in.Err(); err != nil {
			return err
		}
		var err error
		switch action {
		case wire.DoSet:
			if item, err = c.keep(item); err == nil {
				t.put(key, item)
			}
		case wire.DoAdd:
			if item, err = t.pairs.sum(key, item); err == nil {
				t.put(key, item)
			}
		case wire.DoDelete:
			old, _ := t.pairs.tree.Delete(string(key))
			t.replaced(old)
		default:
			err = wire.NewFault(wire.CodeArgument, "manager: %s: no action has number %d", c.e.title(c.method), action)
		}
		if err != nil {
			return err
		}
	}
	return c.in.Err()
}

func (t *transaction) put(key wire.Key, item wire.Item) {
	old, _ := t.pairs.tree.Set(string(key), item)
	t.replaced(old)
	if item.Tag() == wire.TagRef {
		t.pairs.refs++
		t.fresh = append(t.fresh, item)
	}
}

func (t *transaction) replaced(old wire.Item) {
	if old.Tag() == wire.TagRef {
		t.pairs.refs--
		t.stale = append(t.stale, old)
	}
}
