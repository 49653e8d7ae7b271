package storm

import (
	"fmt"

	"shmkit/shm"
	"shmkit/value"
)

// stores is the actor of Store and Load of a Value of some pages, so large that
// kills hit the copying.
//
// Its law: what is loaded was stored in one piece. At the end there is a store after
// which no other acknowledged one began.
type stores struct{ lanes []lastStores }

// lastStores are the stores of one lane that may be the last: the last one that was
// acknowledged, and those after it that were not.
type lastStores struct {
	known   Deed
	unknown []Deed
}

// page is the item, of 32 KiB.
type page [4096]uint64

func (v *page) torn() bool {
	for _, w := range v {
		if w != v[0] {
			return true
		}
	}
	return false
}

const (
	storePage = iota
	loadPage
)

func (*stores) Name() string    { return "value" }
func (*stores) Kinds() []string { return []string{"Store page", "Load page"} }

func (x *stores) Setup(seg *shm.Segment, lanes int) error {
	x.lanes = make([]lastStores, lanes)
	v, err := value.NewIn(seg, "page", page{})
	if err != nil {
		return err
	}
	return v.Close()
}

func (*stores) Open(l *Lane) (Player, error) {
	v, err := value.Open[page](l.Seg, "page")
	return &writer{v}, err
}

func (x *stores) Learn(d *Deed) {
	last := &x.lanes[d.Lane]
	switch {
	case d.Kind == loadPage:
	case d.Known:
		last.known, last.unknown = *d, nil
	default:
		last.unknown = append(last.unknown, *d)
	}
}

func (x *stores) Verdict(seg *shm.Segment, report func(string, ...any)) {
	v, err := value.Open[page](seg, "page")
	if err != nil {
		report("page: %v", err)
		return
	}
	have := v.Load()
	if have.torn() {
		report("page: torn: %#x … %#x", have[0], have[len(have)-1])
	}
	if err := x.last(have[0]); err != nil {
		report("page: %v", err)
	}
	if err := v.Close(); err != nil {
		report("page: %v", err)
	}
}

// last tells why have cannot be what the last store stored.
func (x *stores) last(have uint64) error {
	var found *Deed
	any := false
	for i := range x.lanes {
		last := &x.lanes[i]
		any = any || last.known.Known
		for _, d := range append(last.unknown, last.known) {
			if d.Args[0] == have && have != 0 {
				found = &d
			}
		}
	}
	if found == nil && (any || have != 0) {
		return fmt.Errorf("%w: it holds %#x, which no lane stored last", errLost, have)
	}
	for i := range x.lanes {
		if later := x.lanes[i].known; found != nil && later.Begun > found.Ended {
			return fmt.Errorf("%w: it holds %#x of %d, but %#x was begun at %d", errLost, have, found.Ended, later.Args[0], later.Begun)
		}
	}
	return nil
}

// writer is one lane of stores.
type writer struct{ v *value.Value[page] }

func (p *writer) Step(l *Lane) {
	if l.Rand.IntN(2) == 0 {
		l.Begin(loadPage)
		for range l.Burst(40) {
			if v := p.v.Load(); v.torn() {
				l.Fault("page: torn: %#x … %#x", v[0], v[len(v)-1])
			}
		}
		l.End()
		return
	}
	var v page
	stamp := l.UID()
	for i := range v {
		v[i] = stamp
	}
	l.Begin(storePage, stamp)
	for range l.Burst(40) {
		// Swap also sees what a killed one left, before it is gone.
		if l.Rand.IntN(4) == 0 {
			p.v.Store(v)
		} else if old := p.v.Swap(v); old.torn() {
			l.Fault("page: torn: %#x … %#x", old[0], old[len(old)-1])
		}
	}
	l.End()
}

func (p *writer) Close() error { return p.v.Close() }
