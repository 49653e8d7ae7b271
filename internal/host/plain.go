package host

import "shmkit/internal/wire"

// plain writes an object as it is now, with all that is inside, as literals.
type plain struct {
	c    *Call
	b    []byte
	most int
}

func itemPlain(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	p := plain{c: c, b: c.out, most: int(min(c.s.limits.Frame, wire.MaxFrame)) - wire.HeaderLen}
	err := p.object(c.e, 0)
	c.out = p.b
	return err
}

// item appends an Item with its length.
func (p *plain) item(item wire.Item, depth int) error {
	id, _, ok := item.Ref()
	if !ok {
		p.b = wire.AppendBytes(p.b, item)
		return p.check()
	}
	at := len(p.b)
	p.b = wire.AppendBytes(p.b, nil)
	err := p.object(p.c.h.objects[id], depth+1)
	wire.PutLength(p.b[at:], len(p.b)-at-4)
	return err
}

// object appends an Item without its length.
func (p *plain) object(e *entry, depth int) error {
	if depth > deepest {
		return wire.NewFault(wire.CodeArgument, "manager: %s: more than %d containers in each other", p.c.e.title(p.c.method), deepest)
	}
	switch o := e.object.(type) {
	case *dict:
		return p.pairs(&o.pairs, depth)
	case *namespace:
		return p.pairs(&o.pairs, depth)
	case *list:
		p.b = wire.AppendUint(append(p.b, byte(wire.TagListLiteral)), uint64(o.seq.n))
		for _, item := range o.seq.from(0) {
			if err := p.item(item, depth); err != nil {
				return err
			}
		}
	default:
		p.b = wire.AppendRef(p.b, e.id, e.kind)
	}
	return p.check()
}

func (p *plain) pairs(o *pairs, depth int) (err error) {
	p.b = wire.AppendUint(append(p.b, byte(wire.TagDictLiteral)), uint64(o.len()))
	o.tree.Scan(func(key string, item wire.Item) bool {
		p.b = wire.AppendText(p.b, key)
		err = p.item(item, depth)
		return err == nil
	})
	return err
}

func (p *plain) check() error {
	if len(p.b) > p.most {
		return wire.NewFault(wire.CodeTooMuch, "manager: %s: it is longer than the %d bytes that a frame may have", p.c.e.title(p.c.method), p.most)
	}
	return nil
}
