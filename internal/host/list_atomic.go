package host

import (
	"slices"

	"shmkit/internal/wire"
)

func listAdd(c *Call) error {
	l := c.e.object.(*list)
	i, err := l.index(c)
	if err != nil {
		return err
	}
	return l.addTo(c, i, c.in.Rest())
}

// addTo adds to item i, and appends the sum.
func (l *list) addTo(c *Call, i int, delta wire.Item) error {
	sum, err := plus(l.seq.at(i), delta)
	if err != nil {
		return err
	}
	l.seq.set(i, sum)
	c.out = append(c.out, sum...)
	return nil
}

// plus is add that leaves the number as it is.
func plus(number, delta wire.Item) (wire.Item, error) {
	sum := slices.Clone(number)
	return sum, add(sum, delta)
}

func listCompareAndSwap(c *Call) error {
	l := c.e.object.(*list)
	i, err := l.index(c)
	if err != nil {
		return err
	}
	old, item := c.in.Item(), c.in.Item()
	if err := c.in.End(); err != nil {
		return err
	}
	swap := same(l.seq.at(i), old)
	if swap {
		if item, err = c.keep(item); err != nil {
			return err
		}
		l.put(c.h, i, item)
	}
	c.out = wire.AppendBool(c.out, swap)
	return nil
}

func listUpdate(c *Call) error {
	l := c.e.object.(*list)
	i, err := l.index(c)
	if err != nil {
		return err
	}
	item, err := c.update(l.seq.at(i), true)
	if err != nil {
		return err
	}
	c.out = append(c.out, item...)
	l.put(c.h, i, item)
	return nil
}

func listRead(c *Call) error { return readList(c, &c.e.object.(*list).seq) }

// readList reads uint from, uint bytes and appends bool more, uint n, n × item: of what there
// is from there on as many as have about so many bytes, but at least one.
func readList(c *Call, s *sequence) error {
	from, most := c.in.Uint(), c.in.Uint()
	if err := c.in.End(); err != nil {
		return err
	}
	at := len(c.out)
	c.out = wire.AppendUint(wire.AppendBool(c.out, false), 0)
	first, n := len(c.out), uint64(0)
	if from < uint64(s.n) {
		for _, item := range s.from(int(from)) {
			if n > 0 && uint64(len(c.out)-first) >= most {
				c.out[at] = 1
				break
			}
			c.out = wire.AppendBytes(c.out, item)
			n++
		}
	}
	wire.PutUint(c.out[at+1:], n)
	return nil
}
