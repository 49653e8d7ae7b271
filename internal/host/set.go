package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// A set is keys, in their order. Its pairs have no items.
type set struct {
	still
	pairs
}

func init() {
	define(wire.TypeSet, makeSet, loadSet, map[wire.Method]method{
		wire.SetLen:      {"Len", true, setLen},
		wire.SetContains: {"Contains", true, setContains},
		wire.SetAdd:      {"Add", false, setAdd},
		wire.SetDiscard:  {"Discard", false, setDiscard},
		wire.SetRemove:   {"Remove", false, func(c *Call) error { return c.removeItem(&c.e.object.(*set).pairs) }},
		wire.SetPop:      {"Pop", false, setPop},
		wire.SetClear:    {"Clear", false, setClear},
		wire.SetCopy:     {"Copy", false, setCopy},
		wire.SetChange:   {"Change", false, setChange},
		wire.SetCombine:  {"Combine", false, setCombine},
		wire.SetCompare:  {"Compare", true, setCompare},
		wire.SetRange:    {"All", true, func(c *Call) error { return c.readPairs(&c.e.object.(*set).pairs) }},
		wire.SetIterate:  {"All", false, func(c *Call) error { return c.iterate(&c.e.object.(*set).pairs) }},
	})
}

func makeSet(c *Call) (object, error) {
	keys, err := readKeys(&c.in)
	if err == nil {
		err = c.in.End()
	}
	s := &set{}
	for _, key := range keys {
		s.tree.Set(string(key), nil)
	}
	return s, err
}

func loadSet(_ *Host, r *wire.Reader) (object, error) {
	return &set{pairs: loadPairs(r)}, r.Err()
}

func (s *set) info() string { return fmt.Sprintf("%d members", s.len()) }

func (s *set) drop(*Host) {}

// readKeys reads uint n, n × key.
func readKeys(in *wire.Reader) ([]wire.Key, error) {
	keys := make([]wire.Key, in.Count(4))
	for i := range keys {
		keys[i] = in.Key()
	}
	return keys, in.Err()
}

func (s *set) has(key string) bool {
	_, ok := s.tree.Get(key)
	return ok
}

func setLen(c *Call) error {
	c.out = wire.AppendUint(c.out, uint64(c.e.object.(*set).len()))
	return c.in.End()
}

func setContains(c *Call) error {
	c.out = wire.AppendBool(c.out, c.e.object.(*set).has(string(c.in.Rest())))
	return nil
}

func setAdd(c *Call) error {
	s := c.e.object.(*set)
	keys, err := readKeys(&c.in)
	if err == nil {
		err = c.in.End()
	}
	if err != nil {
		return err
	}
	n := s.len()
	for _, key := range keys {
		s.tree.Set(string(key), nil)
	}
	c.out = wire.AppendUint(c.out, uint64(s.len()-n))
	return nil
}

func setDiscard(c *Call) error {
	s := c.e.object.(*set)
	keys, err := readKeys(&c.in)
	if err == nil {
		err = c.in.End()
	}
	if err != nil {
		return err
	}
	n := s.len()
	for _, key := range keys {
		s.tree.Delete(string(key))
	}
	c.out = wire.AppendUint(c.out, uint64(n-s.len()))
	return nil
}

func setPop(c *Call) error {
	s := c.e.object.(*set)
	if err := c.in.End(); err != nil {
		return err
	}
	key, _, ok := s.edge(false)
	if !ok {
		return wire.NewFault(wire.CodeNotFound, "manager: %s: it is empty", c.e.title(c.method))
	}
	if err := c.fits(len(key)); err != nil {
		return err
	}
	s.tree.PopMin()
	c.out = append(c.out, key...)
	return nil
}

func setClear(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	c.e.object.(*set).pairs = pairs{}
	return nil
}

func setCopy(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	return c.deliver(wire.TypeSet, &set{pairs: c.e.object.(*set).picture(c.h)})
}
