package host

import "shmkit/internal/wire"

// operands reads uint n, n × (uint object, a Set; or 0, and uint m, m × key), which is the rest.
// Errors: CodeNoObject; CodeWrongType; ErrBody.
func (c *Call) operands() ([]*set, error) {
	sets := make([]*set, 0, c.in.Count(8))
	for range cap(sets) {
		if c.in.Peek() != 0 {
			e, err := c.other(wire.TypeSet)
			if err != nil {
				return nil, err
			}
			sets = append(sets, e.object.(*set))
			continue
		}
		c.in.Uint()
		keys, err := readKeys(&c.in)
		if err != nil {
			return nil, err
		}
		s := &set{}
		for _, key := range keys {
			s.tree.Set(string(key), nil)
		}
		sets = append(sets, s)
	}
	return sets, c.in.End()
}

func setChange(c *Call) error {
	s := c.e.object.(*set)
	result, err := s.combined(c)
	if err == nil {
		s.pairs = *result
	}
	return err
}

func setCombine(c *Call) error {
	result, err := c.e.object.(*set).combined(c)
	if err != nil {
		return err
	}
	return c.deliver(wire.TypeSet, &set{pairs: *result})
}

// combined reads byte operation, operands and gives the result.
func (s *set) combined(c *Call) (*pairs, error) {
	op := c.in.Byte()
	sets, err := c.operands()
	if err != nil {
		return nil, err
	}
	result := s.picture(c.h)
	for _, other := range sets {
		switch op {
		case wire.OpUnion:
			other.each(func(key string) { result.tree.Set(key, nil) })
		case wire.OpIntersection:
			result = intersection(&result, other)
		case wire.OpDifference:
			difference(&result, other)
		case wire.OpSymmetricDifference:
			other.each(func(key string) {
				if _, was := result.tree.Delete(key); !was {
					result.tree.Set(key, nil)
				}
			})
		default:
			return nil, wire.NewFault(wire.CodeArgument, "manager: %s: no operation has number %d", c.e.title(c.method), op)
		}
	}
	return &result, nil
}

func (s *set) each(f func(key string)) {
	s.tree.Scan(func(key string, _ wire.Item) bool {
		f(key)
		return true
	})
}

// intersection goes through the smaller one.
func intersection(a *pairs, b *set) (both pairs) {
	small, large := &set{pairs: *a}, b
	if small.len() > large.len() {
		small, large = large, small
	}
	small.each(func(key string) {
		if large.has(key) {
			both.tree.Set(key, nil)
		}
	})
	return both
}

// difference goes through the smaller one.
func difference(a *pairs, b *set) {
	if b.len() <= a.len() {
		b.each(func(key string) { a.tree.Delete(key) })
		return
	}
	var left pairs
	(&set{pairs: *a}).each(func(key string) {
		if !b.has(key) {
			left.tree.Set(key, nil)
		}
	})
	*a = left
}

func setCompare(c *Call) error {
	s, relation := c.e.object.(*set), c.in.Byte()
	sets, err := c.operands()
	if err != nil {
		return err
	}
	if len(sets) != 1 {
		return wire.ErrBody
	}
	holds, o := false, sets[0]
	switch relation {
	case wire.RelSubset:
		holds = s.within(o)
	case wire.RelProperSubset:
		holds = s.len() < o.len() && s.within(o)
	case wire.RelSuperset:
		holds = o.within(s)
	case wire.RelProperSuperset:
		holds = o.len() < s.len() && o.within(s)
	case wire.RelEqual:
		holds = s.len() == o.len() && s.within(o)
	case wire.RelDisjoint:
		holds = s.apart(o)
	default:
		return wire.NewFault(wire.CodeArgument, "manager: %s: no relation has number %d", c.e.title(c.method), relation)
	}
	c.out = wire.AppendBool(c.out, holds)
	return nil
}

// within tells whether all of s is in o.
func (s *set) within(o *set) bool {
	all := s.len() <= o.len()
	if all {
		s.tree.Scan(func(key string, _ wire.Item) bool {
			all = o.has(key)
			return all
		})
	}
	return all
}

// apart tells whether nothing is in both.
func (s *set) apart(o *set) bool {
	if s.len() > o.len() {
		s, o = o, s
	}
	none := true
	s.tree.Scan(func(key string, _ wire.Item) bool {
		none = !o.has(key)
		return none
	})
	return none
}
