package storm

import (
	"errors"
	"fmt"

	"shmkit/array"
	"shmkit/shm"
	"shmkit/value"
)

// numbers is the actor of counting: in a word, by Add and by CompareAndSwap, in a
// large Value by Update, and in the items of an Array.
//
// Its law: each counter is at what was acknowledged, or above it by what was begun
// by the killed. The words of the large one are always equal.
type numbers struct{ counts [4]tally }

// large is a Value that no instruction changes in one piece.
type large [24]uint64

func (v *large) torn() bool {
	for _, w := range v {
		if w != v[0] {
			return true
		}
	}
	return false
}

func (v *large) fill(w uint64) {
	for i := range v {
		v[i] = w
	}
}

const cells = 5

func (*numbers) Name() string { return "value" }
func (*numbers) Kinds() []string {
	return []string{"Add", "CompareAndSwap", "Update", "AddAt"}
}

func (*numbers) Setup(seg *shm.Segment, _ int) error {
	a, err := value.NewIn(seg, "sum", uint64(0))
	if err != nil {
		return err
	}
	b, err := value.NewIn(seg, "swapped", uint32(0))
	if err != nil {
		return err
	}
	c, err := value.NewIn(seg, "updated", large{})
	if err != nil {
		return err
	}
	d, err := array.NewIn[int64](seg, "cells", cells)
	if err != nil {
		return err
	}
	return errors.Join(a.Close(), b.Close(), c.Close(), d.Close())
}

func (*numbers) Open(l *Lane) (Player, error) { return openCounter(l.Seg) }

func (x *numbers) Learn(d *Deed) { x.counts[d.Kind].add(d, d.Args[0], d.Args[0]) }

func (x *numbers) Verdict(seg *shm.Segment, report func(string, ...any)) {
	p, err := openCounter(seg)
	if err != nil {
		report("value: %v", err)
		return
	}
	u := p.updated.Load()
	if u.torn() {
		report("updated: torn: %v", u)
	}
	sum := int64(0)
	for _, n := range p.cells.Copy() {
		sum += n
	}
	for kind, have := range []uint64{p.sum.Load(), uint64(p.swapped.Load()), u[0], uint64(sum)} {
		x.counts[kind].check(report, fmt.Sprint("counted by ", x.Kinds()[kind]), have)
	}
	if err := p.Close(); err != nil {
		report("value: %v", err)
	}
}

// counter is one lane of numbers.
type counter struct {
	sum     *value.Value[uint64]
	swapped *value.Value[uint32]
	updated *value.Value[large]
	cells   *array.Array[int64]
}

func openCounter(seg *shm.Segment) (p *counter, err error) {
	p = new(counter)
	if p.sum, err = value.Open[uint64](seg, "sum"); err != nil {
		return nil, err
	}
	if p.swapped, err = value.Open[uint32](seg, "swapped"); err != nil {
		return nil, err
	}
	if p.updated, err = value.Open[large](seg, "updated"); err != nil {
		return nil, err
	}
	p.cells, err = array.Open[int64](seg, "cells")
	return p, err
}

func (p *counter) Step(l *Lane) {
	kind, n := l.Rand.IntN(4), l.Burst(4000)
	l.Begin(kind, n)
	for range n {
		switch kind {
		case 0:
			p.sum.Add(1)
		case 1:
			for old := p.swapped.Load(); !p.swapped.CompareAndSwap(old, old+1); {
				old = p.swapped.Load()
			}
		case 2:
			l.Must(p.updated.Update(func(v *large) {
				if v.torn() {
					l.Fault("updated: torn: %v", v)
				}
				v.fill(v[0] + 1)
			}))
		case 3:
			p.cells.AddAt(l.Rand.IntN(cells), 1)
		}
	}
	l.End()
}

func (p *counter) Close() error {
	return errors.Join(p.sum.Close(), p.swapped.Close(), p.updated.Close(), p.cells.Close())
}
