package host

import (
	"github.com/tidwall/btree"

	"shmkit/internal/wire"
)

// Pairs are items by key, in the order of keys. Items in it are never changed in place, so
// that a picture of it costs nothing until one of both changes. The zero value is empty.
type pairs struct {
	tree btree.Map[string, wire.Item]
	refs int // how many of the items are references
}

func (t *pairs) len() int { return t.tree.Len() }

func (t *pairs) get(key wire.Key) (wire.Item, bool) { return t.tree.Get(string(key)) }

// put stores an item that was kept, and drops the one before it.
func (t *pairs) put(h *Host, key wire.Key, item wire.Item) {
	if old, was := t.tree.Set(string(key), item); was {
		t.dropped(h, old)
	}
	if item.Tag() == wire.TagRef {
		t.refs++
	}
}

// remove removes an item, and gives it after it was dropped.
func (t *pairs) remove(h *Host, key wire.Key) (wire.Item, bool) {
	old, was := t.tree.Delete(string(key))
	if was {
		t.dropped(h, old)
	}
	return old, was
}

func (t *pairs) dropped(h *Host, item wire.Item) {
	if item.Tag() == wire.TagRef {
		t.refs--
		h.dropItem(item)
	}
}

// edge is the first item, or the last.
func (t *pairs) edge(last bool) (wire.Key, wire.Item, bool) {
	key, item, ok := t.tree.Min()
	if last {
		key, item, ok = t.tree.Max()
	}
	return wire.Key(key), item, ok
}

// picture is t as it is now. What it refers to stays as long as it does.
func (t *pairs) picture(h *Host) pairs {
	p := pairs{tree: *t.tree.Copy(), refs: t.refs}
	p.refers(func(id uint64) { h.ref(h.objects[id], 1) })
	return p
}

// refers calls f for each reference.
func (t *pairs) refers(f func(id uint64)) {
	if t.refs == 0 {
		return
	}
	t.tree.Scan(func(_ string, item wire.Item) bool {
		if id, _, ok := item.Ref(); ok {
			f(id)
		}
		return true
	})
}

func (t *pairs) drop(h *Host) {
	t.refers(func(id uint64) { h.unref(h.objects[id], 1) })
}

func (t *pairs) save(b []byte) []byte {
	b = wire.AppendUint(b, uint64(t.len()))
	t.tree.Scan(func(key string, item wire.Item) bool {
		b = wire.AppendBytes(wire.AppendText(b, key), item)
		return true
	})
	return b
}

func loadPairs(r *wire.Reader) (t pairs) {
	for range r.Count(8) {
		key, item := r.Text(), append(wire.Item(nil), r.Item()...)
		t.tree.Set(key, item)
		if item.Tag() == wire.TagRef {
			t.refs++
		}
	}
	return t
}

// fill reads uint n, n × (key, item) and puts them into t, all or none.
func (t *pairs) fill(c *Call, in *wire.Reader, depth int) error {
	type pair struct {
		key  wire.Key
		item wire.Item
	}
	list := make([]pair, in.Count(8))
	for i := range list {
		list[i] = pair{in.Key(), in.Item()}
	}
	if err := in.End(); err != nil {
		return err
	}
	for i := range list {
		kept, err := c.keepDeep(list[i].item, depth)
		if err != nil {
			for _, p := range list[:i] {
				c.h.dropItem(p.item)
			}
			return err
		}
		list[i].item = kept
	}
	for _, p := range list {
		t.put(c.h, p.key, p.item)
	}
	return nil
}
