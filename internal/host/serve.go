package host

import (
	"cmp"
	"maps"
	"slices"

	"shmkit/internal/wire"
)

func init() {
	define(wire.TypeServer, nil, nil, map[wire.Method]method{
		wire.Create:  {"Create", false, create},
		wire.Lookup:  {"Lookup", false, lookup},
		wire.Attach:  {"Attach", false, attach},
		wire.Release: {"Release", false, release},
		wire.Hand:    {"Hand", false, hand},
		wire.Objects: {"Objects", true, objects},
		wire.Remove:  {"Remove", false, remove},
		wire.Stop:    {"Stop", true, stop},
		wire.Part:    {"Part", false, part},
	})
}

// create makes an object, to which the session refers, and so does its name if it has one.
func create(c *Call) error {
	kind, name := wire.Type(c.in.Byte()), c.in.Text()
	if err := c.in.Err(); err != nil {
		return err
	}
	if kind >= wire.Types || makers[kind] == nil {
		return wire.NewFault(wire.CodeNoType, "manager: the server cannot make a %v", kind)
	}
	if name != "" && c.h.names[name] != nil {
		return wire.NewFault(wire.CodeExists, "manager: there is a %v called %q already", c.h.names[name].kind, name)
	}
	o, err := makers[kind](c)
	if err != nil {
		return err
	}
	e := c.h.add(kind, o)
	if err := c.h.hold(c.s, e); err != nil {
		c.h.dropping = append(c.h.dropping, e)
		return err
	}
	if name != "" {
		c.h.setName(e, name)
	}
	c.out = wire.AppendUint(c.out, e.id)
	return nil
}

func lookup(c *Call) error {
	name := c.in.Text()
	if err := c.in.End(); err != nil {
		return err
	}
	e := c.h.names[name]
	if e == nil {
		return wire.NewFault(wire.CodeNotFound, "manager: nothing is called %q", name)
	}
	if err := c.h.hold(c.s, e); err != nil {
		return err
	}
	c.out = append(wire.AppendUint(c.out, e.id), byte(e.kind))
	return nil
}

func attach(c *Call) error {
	id := c.in.Uint()
	if err := c.in.End(); err != nil {
		return err
	}
	e, err := c.h.entry(id)
	if err != nil {
		return err
	}
	if err := c.h.hold(c.s, e); err != nil {
		return err
	}
	c.out = append(c.out, byte(e.kind))
	return nil
}

func release(c *Call) error {
	if c.in.Len()%8 != 0 {
		return wire.ErrBody
	}
	for c.in.Len() > 0 {
		c.h.release(c.s, c.in.Uint())
	}
	return nil
}

func part(c *Call) error {
	id := c.in.Uint()
	if err := c.in.End(); err != nil {
		return err
	}
	c.h.part(c.s, id)
	return nil
}

// hand makes an object stay, for the time that it takes whoever is told of it to attach to it.
func hand(c *Call) error {
	id := c.in.Uint()
	if err := c.in.End(); err != nil {
		return err
	}
	e, err := c.h.entry(id)
	if err != nil {
		return err
	}
	if c.id == 0 {
		return wire.NewFault(wire.CodeArgument, "manager: a hand-over needs a call number")
	}
	if n := c.h.handers[c.s.id]; n >= c.s.limits.Objects {
		return wire.NewFault(wire.CodeTooMuch, "manager: the session has handed over %d objects within %v, which is its limit", n, HandTime)
	}
	key := handing{c.s.id, c.id}
	c.h.forget(key) // of a session before, with the same number
	c.h.handed[key] = e
	c.h.handers[key.session]++
	c.h.ref(e, 1)
	c.h.effects = append(c.h.effects, Effect{Kind: Alarm, Op: wire.Forget, Session: key.session, Call: key.call, After: HandTime})
	return nil
}

// forget ends a hand-over.
func (h *Host) forget(key handing) {
	if e := h.handed[key]; e != nil {
		delete(h.handed, key)
		if h.handers[key.session]--; h.handers[key.session] == 0 {
			delete(h.handers, key.session)
		}
		h.unref(e, 1)
	}
}

func objects(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	all := c.h.eachEntry()
	c.out = wire.AppendUint(c.out, uint64(len(all)))
	for _, e := range all {
		c.out = append(wire.AppendUint(c.out, e.id), byte(e.kind))
		c.out = wire.AppendText(c.out, e.name)
		c.out = wire.AppendUint(c.out, e.refs)
		c.out = wire.AppendText(c.out, e.object.info())
	}
	return nil
}

func remove(c *Call) error {
	name := c.in.Text()
	if err := c.in.End(); err != nil {
		return err
	}
	e := c.h.names[name]
	if e == nil {
		return wire.NewFault(wire.CodeNotFound, "manager: nothing is called %q", name)
	}
	delete(c.h.names, name)
	e.name = ""
	c.h.unref(e, 1)
	return nil
}

func stop(c *Call) error {
	c.h.effects = append(c.h.effects, Effect{Kind: Stopping})
	return c.in.End()
}

func (h *Host) eachEntry() []*entry {
	return slices.SortedFunc(maps.Values(h.objects), func(a, b *entry) int { return cmp.Compare(a.id, b.id) })
}

func sortedHandings(m map[handing]*entry) []handing {
	return slices.SortedFunc(maps.Keys(m), func(a, b handing) int {
		return cmp.Or(cmp.Compare(a.session, b.session), cmp.Compare(a.call, b.call))
	})
}
