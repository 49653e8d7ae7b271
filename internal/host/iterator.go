package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// An iterator is a picture of a list, of a dict or of a set, which is read piece by piece. It
// does not change, so that reading needs no log, and may be repeated.
type iterator struct {
	still
	list  *list // or nil
	pairs pairs
}

func init() {
	define(wire.TypeIterator, nil, loadIterator, map[wire.Method]method{
		wire.IteratorRead:  {"Read", true, iteratorRead},
		wire.IteratorRange: {"Range", true, iteratorRange},
	})
}

func loadIterator(h *Host, r *wire.Reader) (object, error) {
	if r.Bool() {
		l, err := loadList(h, r)
		return &iterator{list: l.(*list)}, err
	}
	return &iterator{pairs: loadPairs(r)}, r.Err()
}

func (t *iterator) save(b []byte) []byte {
	b = wire.AppendBool(b, t.list != nil)
	if t.list != nil {
		return t.list.save(b)
	}
	return t.pairs.save(b)
}

func (t *iterator) refers(f func(id uint64)) {
	if t.list != nil {
		t.list.refers(f)
	}
	t.pairs.refers(f)
}

func (t *iterator) drop(h *Host) { t.refers(func(id uint64) { h.unref(h.objects[id], 1) }) }

func (t *iterator) info() string {
	if t.list != nil {
		return t.list.info()
	}
	return fmt.Sprintf("%d pairs", t.pairs.len())
}

func iteratorRead(c *Call) error {
	t := c.e.object.(*iterator)
	if t.list == nil {
		return wire.NewFault(wire.CodeWrongType, "manager: %s: it is not that of a List", c.e.title(c.method))
	}
	return readList(c, &t.list.seq)
}

func iteratorRange(c *Call) error { return c.readPairs(&c.e.object.(*iterator).pairs) }

// readPairs reads a span and appends what is there.
func (c *Call) readPairs(p *pairs) error {
	span := c.in.Span()
	if err := c.in.End(); err != nil {
		return err
	}
	c.out = p.read(c.out, &span)
	return nil
}

func listIterate(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	return c.deliver(wire.TypeIterator, &iterator{list: c.e.object.(*list).picture(c.h)})
}

// iterate makes an iterator of p.
func (c *Call) iterate(p *pairs) error {
	if err := c.in.End(); err != nil {
		return err
	}
	return c.deliver(wire.TypeIterator, &iterator{pairs: p.picture(c.h)})
}
