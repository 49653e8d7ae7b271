package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// A dict is items by key, in the order of keys.
type dict struct {
	still
	pairs
}

func init() {
	define(wire.TypeDict, makeDict, loadDict, map[wire.Method]method{
		wire.DictLen:            {"Len", true, dictLen},
		wire.DictGet:            {"Get", true, dictGet},
		wire.DictSet:            {"Set", false, dictSet},
		wire.DictSetDefault:     {"SetDefault", false, dictSetDefault},
		wire.DictDelete:         {"Delete", false, dictDelete},
		wire.DictPop:            {"Pop", false, dictPop},
		wire.DictPopItem:        {"PopItem", false, dictPopItem},
		wire.DictContains:       {"Contains", true, dictContains},
		wire.DictClear:          {"Clear", false, dictClear},
		wire.DictSetMany:        {"SetMany", false, dictSetMany},
		wire.DictMerge:          {"Merge", false, dictMerge},
		wire.DictCopy:           {"Copy", false, dictCopy},
		wire.DictAdd:            {"Add", false, dictAdd},
		wire.DictCompareAndSwap: {"CompareAndSwap", false, dictCompareAndSwap},
		wire.DictUpdate:         {"Update", false, dictUpdate},
		wire.DictCommit:         {"Commit", false, dictCommit},
		wire.DictRange:          {"Range", true, func(c *Call) error { return c.readPairs(&c.e.object.(*dict).pairs) }},
		wire.DictIterate:        {"Range", false, func(c *Call) error { return c.iterate(&c.e.object.(*dict).pairs) }},
	})
	literals[wire.TypeDict] = func(c *Call, payload []byte, depth int) (object, error) {
		d, in := &dict{}, wire.Read(payload)
		return d, d.fill(c, &in, depth)
	}
}

func makeDict(c *Call) (object, error) {
	d := &dict{}
	return d, d.fill(c, &c.in, 0)
}

func loadDict(_ *Host, r *wire.Reader) (object, error) {
	return &dict{pairs: loadPairs(r)}, r.Err()
}

func (d *dict) drop(h *Host) { d.pairs.drop(h) }
func (d *dict) info() string { return fmt.Sprintf("%d keys", d.len()) }

// keyText is a key for people.
func keyText(key wire.Key) string {
	if n, ok := key.Number(); ok {
		return fmt.Sprint(n)
	}
	switch {
	case len(key) == 0:
		return "nothing"
	case key[0] == wire.KeyFalse:
		return "false"
	case key[0] == wire.KeyTrue:
		return "true"
	}
	return fmt.Sprintf("%.64q", key[1:])
}

func (c *Call) errNoKey(key wire.Key) error {
	return wire.NewFault(wire.CodeNotFound, "manager: %s: no key %s", c.e.title(c.method), keyText(key))
}

func dictLen(c *Call) error {
	c.out = wire.AppendUint(c.out, uint64(c.e.object.(*dict).len()))
	return c.in.End()
}

func dictGet(c *Call) error { return c.getItem(&c.e.object.(*dict).pairs) }

// getItem reads a Key, which is the rest, and appends the Item.
func (c *Call) getItem(p *pairs) error {
	key := wire.Key(c.in.Rest())
	item, ok := p.get(key)
	if !ok {
		return c.errNoKey(key)
	}
	c.out = append(c.out, item...)
	return nil
}

func dictSet(c *Call) error { return c.setItem(&c.e.object.(*dict).pairs) }

// setItem reads a key, and the rest is an Item.
func (c *Call) setItem(p *pairs) error {
	key, item := c.in.Key(), wire.Item(c.in.Rest())
	if err := c.in.Err(); err != nil {
		return err
	}
	item, err := c.keep(item)
	if err != nil {
		return err
	}
	p.put(c.h, key, item)
	return nil
}

func dictSetDefault(c *Call) error {
	d, key := c.e.object.(*dict), c.in.Key()
	item := wire.Item(c.in.Rest())
	if err := c.in.Err(); err != nil {
		return err
	}
	old, ok := d.get(key)
	if !ok {
		var err error
		if old, err = c.keep(item); err != nil {
			return err
		}
		d.put(c.h, key, old)
	}
	c.h.give(c.s, old)
	c.out = append(wire.AppendBool(c.out, ok), old...)
	return nil
}

func dictDelete(c *Call) error { return c.removeItem(&c.e.object.(*dict).pairs) }

// removeItem reads a Key, which is the rest.
func (c *Call) removeItem(p *pairs) error {
	key := wire.Key(c.in.Rest())
	if _, ok := p.remove(c.h, key); !ok {
		return c.errNoKey(key)
	}
	return nil
}

func dictPop(c *Call) error {
	d, key := c.e.object.(*dict), wire.Key(c.in.Rest())
	item, ok := d.get(key)
	if !ok {
		return c.errNoKey(key)
	}
	if err := c.fits(len(item)); err != nil {
		return err
	}
	c.h.give(c.s, item)
	c.out = append(c.out, item...)
	d.remove(c.h, key)
	return nil
}

func dictPopItem(c *Call) error {
	d, last := c.e.object.(*dict), c.in.Bool()
	if err := c.in.End(); err != nil {
		return err
	}
	key, item, ok := d.edge(last)
	if !ok {
		return wire.NewFault(wire.CodeNotFound, "manager: %s: it is empty", c.e.title(c.method))
	}
	if err := c.fits(4 + len(key) + len(item)); err != nil {
		return err
	}
	c.h.give(c.s, item)
	c.out = append(wire.AppendBytes(c.out, key), item...)
	d.remove(c.h, key)
	return nil
}

func dictContains(c *Call) error {
	_, ok := c.e.object.(*dict).get(c.in.Rest())
	c.out = wire.AppendBool(c.out, ok)
	return nil
}

func dictClear(c *Call) error {
	d := c.e.object.(*dict)
	if err := c.in.End(); err != nil {
		return err
	}
	d.pairs.drop(c.h)
	d.pairs = pairs{}
	return nil
}

func dictSetMany(c *Call) error { return c.e.object.(*dict).fill(c, &c.in, 0) }

func dictMerge(c *Call) error {
	d := c.e.object.(*dict)
	e, err := c.other(wire.TypeDict)
	if err != nil {
		return err
	}
	if err := c.in.End(); err != nil {
		return err
	}
	from := &e.object.(*dict).pairs
	if d.refs == 0 && d.len() == 0 && from.refs == 0 {
		d.pairs = from.picture(c.h)
		return nil
	}
	keys, items := from.tree.KeyValues()
	if err := c.rekeep(items, from.refs > 0); err != nil {
		return err
	}
	for i, key := range keys {
		d.put(c.h, wire.Key(key), items[i])
	}
	return nil
}

func dictCopy(c *Call) error {
	d := c.e.object.(*dict)
	if err := c.in.End(); err != nil {
		return err
	}
	return c.deliver(wire.TypeDict, &dict{pairs: d.picture(c.h)})
}
