package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// A list is items in order.
type list struct {
	still
	seq  sequence
	refs int // how many of the items are references
}

func init() {
	define(wire.TypeList, makeList, loadList, map[wire.Method]method{
		wire.ListLen:            {"Len", true, listLen},
		wire.ListGet:            {"At", true, listGet},
		wire.ListSet:            {"Set", false, listSet},
		wire.ListDelete:         {"Delete", false, listDelete},
		wire.ListAppend:         {"Append", false, listAppend},
		wire.ListExtend:         {"Extend", false, listExtend},
		wire.ListExtendFrom:     {"ExtendFrom", false, listExtendFrom},
		wire.ListInsert:         {"Insert", false, listInsert},
		wire.ListPop:            {"Pop", false, listPop},
		wire.ListRemove:         {"Remove", false, listRemove},
		wire.ListIndex:          {"Index", true, listIndex},
		wire.ListCount:          {"Count", true, listCount},
		wire.ListContains:       {"Contains", true, listContains},
		wire.ListSort:           {"Sort", false, listSort},
		wire.ListReverse:        {"Reverse", false, listReverse},
		wire.ListClear:          {"Clear", false, listClear},
		wire.ListSlice:          {"Slice", true, listSlice},
		wire.ListSetSlice:       {"SetSlice", false, listSetSlice},
		wire.ListDeleteSlice:    {"DeleteSlice", false, listDeleteSlice},
		wire.ListRepeat:         {"Repeat", false, listRepeat},
		wire.ListRepeated:       {"Repeated", false, listRepeated},
		wire.ListConcat:         {"Concat", false, listConcat},
		wire.ListCopy:           {"Copy", false, listCopy},
		wire.ListAdd:            {"Add", false, listAdd},
		wire.ListCompareAndSwap: {"CompareAndSwap", false, listCompareAndSwap},
		wire.ListUpdate:         {"Update", false, listUpdate},
		wire.ListRead:           {"All", true, listRead},
		wire.ListIterate:        {"All", false, listIterate},
	})
	literals[wire.TypeList] = func(c *Call, payload []byte, depth int) (object, error) {
		in := wire.Read(payload)
		return newList(c, &in, depth)
	}
}

func makeList(c *Call) (object, error) { return newList(c, &c.in, 0) }

func newList(c *Call, in *wire.Reader, depth int) (object, error) {
	items, err := c.readItems(in)
	if err == nil {
		err = c.keepAll(items, depth)
	}
	l := &list{}
	if err == nil {
		l.splice(0, 0, items...)
	}
	return l, err
}

func loadList(_ *Host, r *wire.Reader) (object, error) {
	l := &list{}
	items := make([]wire.Item, r.Count(4))
	for i := range items {
		items[i] = append(wire.Item(nil), r.Item()...)
	}
	l.splice(0, 0, items...)
	return l, r.Err()
}

func (l *list) save(b []byte) []byte {
	b = wire.AppendUint(b, uint64(l.seq.n))
	for _, item := range l.seq.from(0) {
		b = wire.AppendBytes(b, item)
	}
	return b
}

func (l *list) drop(h *Host) { l.refers(func(id uint64) { h.unref(h.objects[id], 1) }) }

func (l *list) info() string { return fmt.Sprintf("%d items", l.seq.n) }

func (l *list) refers(f func(id uint64)) {
	if l.refs == 0 {
		return
	}
	for _, item := range l.seq.from(0) {
		if id, _, ok := item.Ref(); ok {
			f(id)
		}
	}
}

// splice puts items, which were kept, where i to j-1 were, and gives these, which are to be
// dropped.
func (l *list) splice(i, j int, items ...wire.Item) (old []wire.Item) {
	if i < j && l.refs > 0 {
		for k, item := range l.seq.from(i) {
			if k == j {
				break
			}
			if item.Tag() == wire.TagRef {
				old = append(old, item)
			}
		}
	}
	l.refs -= len(old)
	for _, item := range items {
		if item.Tag() == wire.TagRef {
			l.refs++
		}
	}
	l.seq.splice(i, j, items...)
	return old
}

// put puts an item, which was kept, in the place of another.
func (l *list) put(h *Host, i int, item wire.Item) {
	old := l.seq.at(i)
	if old.Tag() == wire.TagRef {
		l.refs--
	}
	if item.Tag() == wire.TagRef {
		l.refs++
	}
	l.seq.set(i, item)
	h.dropItem(old)
}

// index reads an index, of which 0 to n-1 are good, and so are -n to -1.
// Errors: CodeRange; ErrBody.
func (l *list) index(c *Call) (int, error) {
	i := c.in.Int()
	if err := c.in.Err(); err != nil {
		return 0, err
	}
	return l.place(c, i)
}

func (l *list) place(c *Call, i int64) (int, error) {
	at := i
	if at < 0 {
		at += int64(l.seq.n)
	}
	if at < 0 || at >= int64(l.seq.n) {
		return 0, wire.NewFault(wire.CodeRange, "manager: %s: index %d, but it has %d items", c.e.title(c.method), i, l.seq.n)
	}
	return int(at), nil
}

func listLen(c *Call) error {
	c.out = wire.AppendUint(c.out, uint64(c.e.object.(*list).seq.n))
	return c.in.End()
}

func listGet(c *Call) error {
	l := c.e.object.(*list)
	i, err := l.index(c)
	if err != nil {
		return err
	}
	c.out = append(c.out, l.seq.at(i)...)
	return c.in.End()
}

func listSet(c *Call) error {
	l := c.e.object.(*list)
	i, err := l.index(c)
	if err != nil {
		return err
	}
	item, err := c.keep(c.in.Rest())
	if err != nil {
		return err
	}
	l.put(c.h, i, item)
	return nil
}

func listDelete(c *Call) error {
	l := c.e.object.(*list)
	i, err := l.index(c)
	if err != nil {
		return err
	}
	if err := c.in.End(); err != nil {
		return err
	}
	c.h.dropItems(l.splice(i, i+1))
	return nil
}

func listPop(c *Call) error {
	l := c.e.object.(*list)
	i, err := l.index(c)
	if err != nil {
		return err
	}
	if err := c.in.End(); err != nil {
		return err
	}
	item := l.seq.at(i)
	if err := c.fits(len(item)); err != nil {
		return err
	}
	c.h.give(c.s, item)
	c.out = append(c.out, item...)
	c.h.dropItems(l.splice(i, i+1))
	return nil
}

func listAppend(c *Call) error {
	l := c.e.object.(*list)
	item, err := c.keep(c.in.Rest())
	if err != nil {
		return err
	}
	l.splice(l.seq.n, l.seq.n, item)
	return nil
}

func listExtend(c *Call) error {
	l := c.e.object.(*list)
	items, err := c.readItems(&c.in)
	if err == nil {
		err = c.keepAll(items, 0)
	}
	if err == nil {
		l.splice(l.seq.n, l.seq.n, items...)
	}
	return err
}

func listInsert(c *Call) error {
	l, i := c.e.object.(*list), c.in.Int()
	item := wire.Item(c.in.Rest())
	if err := c.in.Err(); err != nil {
		return err
	}
	item, err := c.keep(item)
	if err != nil {
		return err
	}
	at := clamp(i, 0, int64(l.seq.n), l.seq.n)
	l.splice(at, at, item)
	return nil
}

func listClear(c *Call) error {
	l := c.e.object.(*list)
	if err := c.in.End(); err != nil {
		return err
	}
	c.h.dropItems(l.splice(0, l.seq.n))
	l.seq = sequence{}
	return nil
}
