package host

import (
	"bytes"

	"shmkit/internal/wire"
)

// deepest is how many literals may be in each other.
const deepest = 64

// keep makes a copy of an item that an object may keep: what it refers to stays as long, and
// a literal becomes an object. The object calls dropItem when it keeps it no more.
// Errors: CodeNoObject; ErrBody; CodeWrongType; CodeArgument for what the object is inside of.
func (c *Call) keep(item wire.Item) (wire.Item, error) { return c.keepDeep(item, 0) }

func (c *Call) keepDeep(item wire.Item, depth int) (wire.Item, error) {
	switch item.Tag() {
	case wire.TagRef:
		id, kind, ok := item.Ref()
		e := c.h.objects[id]
		switch {
		case !ok:
			return nil, wire.ErrBody
		case e == nil:
			return nil, wire.NewFault(wire.CodeNoObject, "manager: object %#x, to which a value refers, is not there any more", id)
		case e.kind != kind:
			return nil, wire.NewFault(wire.CodeWrongType, "manager: object %#x is a %v, not a %v", id, e.kind, kind)
		case c.e != nil && c.h.reaches(e, c.e):
			return nil, c.errCycle(e)
		}
		c.h.ref(e, 1)
	case wire.TagDictLiteral, wire.TagListLiteral:
		if depth == deepest {
			return nil, wire.NewFault(wire.CodeArgument, "manager: a value has more than %d containers in each other", deepest)
		}
		kind := wire.TypeDict
		if item.Tag() == wire.TagListLiteral {
			kind = wire.TypeList
		}
		if literals[kind] == nil {
			return nil, wire.NewFault(wire.CodeNoType, "manager: the server cannot make a %v", kind)
		}
		o, err := literals[kind](c, item.Payload(), depth+1)
		if err != nil {
			return nil, err
		}
		e := c.h.add(kind, o)
		c.h.ref(e, 1)
		return wire.AppendRef(nil, e.id, kind), nil
	}
	return append(wire.Item(nil), item...), nil
}

// literals make objects of the payloads of literals; each item goes through keepDeep with
// that depth.
var literals [wire.Types]func(c *Call, payload []byte, depth int) (object, error)

// keepAll keeps all items, in place, or none.
func (c *Call) keepAll(items []wire.Item, depth int) error {
	for i, item := range items {
		kept, err := c.keepDeep(item, depth)
		if err != nil {
			c.h.dropItems(items[:i])
			return err
		}
		items[i] = kept
	}
	return nil
}

// readItems reads uint n, n × item, which is the rest.
func (c *Call) readItems(in *wire.Reader) ([]wire.Item, error) {
	items := make([]wire.Item, in.Count(4))
	for i := range items {
		items[i] = in.Item()
	}
	return items, in.End()
}

// dropItem says that an item is kept no more.
func (h *Host) dropItem(item wire.Item) {
	if id, _, ok := item.Ref(); ok {
		if e := h.objects[id]; e != nil {
			h.unref(e, 1)
		}
	}
}

func (h *Host) dropItems(items []wire.Item) {
	for _, item := range items {
		h.dropItem(item)
	}
}

// same tells whether two items are the same: bit by bit, so that a NaN is equal to itself and
// 0 is not -0.
func same(a, b wire.Item) bool { return bytes.Equal(a, b) }

// give makes the session refer to what an item refers to, which leaves its object with this
// answer. It is called before dropItem.
func (h *Host) give(s *session, item wire.Item) {
	if id, _, ok := item.Ref(); ok && h.objects[id] != nil {
		// One that is at its limit gets it nevertheless: the item has nobody else.
		s.held++
		s.holds[id]++
		h.ref(h.objects[id], 1)
	}
}

// take undoes give.
func (h *Host) take(s *session, item wire.Item) {
	if id, _, ok := item.Ref(); ok {
		h.release(s, id)
	}
}
