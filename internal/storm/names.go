package storm

import (
	"errors"
	"fmt"

	"shmkit/shm"
	"shmkit/value"
)

// names is the actor of the name directory: objects are created, opened and removed
// by name. Some names are for all lanes, and some are made and removed by one lane
// only, which then knows exactly.
//
// Its law: a name gives an object that was made with that name, whole. A name that
// is for all exists at the end as its creations and removals say; one of a lane is
// always what that lane last did.
type names struct {
	shared [sharedNames]struct{ made, removed tally }
	own    []map[uint64]bool // by lane and name: what it may hold; 0 is nothing
	broken []string
}

const (
	sharedNames = 6
	ownNames    = 2 // of each lane
)

const (
	createName = iota
	openName
	removeName
)

func (*names) Name() string    { return "object" }
func (*names) Kinds() []string { return []string{"create", "open", "remove"} }

func (x *names) Setup(_ *shm.Segment, lanes int) error {
	for range lanes * ownNames {
		x.own = append(x.own, map[uint64]bool{0: true})
	}
	return nil
}

func (*names) Open(*Lane) (Player, error) { return new(namer), nil }

// Learn: Args are the number of the name and the stamp, Result the stamp that was
// there afterwards, 0 if the name was free, and whether this deed did it.
func (x *names) Learn(d *Deed) {
	n, did := d.Args[0], d.Result[1]
	if n < sharedNames {
		switch d.Kind {
		case createName:
			x.shared[n].made.add(d, did, 1)
		case removeName:
			x.shared[n].removed.add(d, did, 1)
		}
		return
	}
	n -= sharedNames
	if int(n)/ownNames != d.Lane {
		return // only looked at
	}
	may := x.own[n]
	switch {
	case d.Known:
		if !could(may, d) {
			x.broken = append(x.broken, fmt.Sprintf("%s: %s gave %#x, but it held one of %v",
				objectName(d.Args[0]), x.Kinds()[d.Kind], d.Result, may))
		}
		clear(may)
		may[d.Result[0]] = true
	case d.Kind == createName:
		may[d.Args[1]] = true
	case d.Kind == removeName:
		may[0] = true
	}
}

// could tells whether d fits to a name that held one of may before.
func could(may map[uint64]bool, d *Deed) bool {
	did := d.Result[1] == 1
	switch {
	case d.Kind == createName && did, d.Kind == removeName && !did:
		return may[0]
	case d.Kind == removeName:
		return len(may) > 1 || !may[0]
	}
	return may[d.Result[0]]
}

func (x *names) Verdict(seg *shm.Segment, report func(string, ...any)) {
	for _, text := range x.broken {
		report("%s", text)
	}
	for n := range uint64(sharedNames + len(x.own)) {
		stamp, err := lookUp(seg, n)
		if err != nil {
			report("%v", err)
			continue
		}
		if n >= sharedNames {
			if may := x.own[n-sharedNames]; !may[stamp] {
				report("%s holds %#x at the end, want one of %v", objectName(n), stamp, may)
			}
			continue
		}
		have := 0
		if stamp != 0 {
			have = 1
		}
		s := &x.shared[n]
		low := int(s.made.known) - int(s.removed.known) - int(s.removed.unknown)
		high := int(s.made.known) + int(s.made.unknown) - int(s.removed.known)
		if have < low || have > high {
			report("%s is there %d times, but by what was done it is %d to %d", objectName(n), have, low, high)
		}
	}
}

func objectName(n uint64) string { return fmt.Sprint("name-", n) }

// stampOf names an object, and tells which name it was made with.
func stampOf(l *Lane, n uint64) uint64 { return l.UID()<<8>>8 | n<<56 }

// lookUp is the stamp of the object called n, or 0 if there is none.
func lookUp(seg *shm.Segment, n uint64) (uint64, error) {
	v, err := value.Open[large](seg, objectName(n))
	if errors.Is(err, shm.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", objectName(n), err)
	}
	x := v.Load()
	if x.torn() || x[0]>>56 != n {
		return 0, fmt.Errorf("%w: %s holds %v", errForeign, objectName(n), x)
	}
	return x[0], v.Close()
}

// namer is one lane of names.
type namer struct{}

func (p *namer) Step(l *Lane) {
	n, own := l.Rand.Uint64N(sharedNames), false
	if l.Rand.IntN(2) == 0 {
		n = sharedNames + l.Rand.Uint64N(uint64(l.Lanes*ownNames))
		own = int(n-sharedNames)/ownNames == l.ID
	}
	kind := l.Rand.IntN(3)
	if n >= sharedNames && !own {
		kind = openName
	}
	stamp := stampOf(l, n)
	l.Begin(kind, n, stamp)
	switch kind {
	case createName:
		now, did := p.create(l, n, stamp)
		l.End(now, did)
	case openName:
		now, err := lookUp(l.Seg, n)
		l.Must(err)
		l.End(now, 0)
	case removeName:
		err := l.Seg.RemoveObject(objectName(n))
		if errors.Is(err, shm.ErrNotFound) {
			l.End(0, 0)
			return
		}
		l.Must(err)
		l.End(0, 1)
	}
}

// create gives what the name holds afterwards, and 1 if this call made it.
func (p *namer) create(l *Lane, n, stamp uint64) (now, did uint64) {
	var x large
	x.fill(stamp)
	v, err := value.NewIn(l.Seg, objectName(n), x)
	if errors.Is(err, shm.ErrExists) {
		now, err = lookUp(l.Seg, n)
		l.Must(err)
		return now, 0
	}
	l.Must(err)
	l.Must(v.Close())
	return stamp, 1
}

func (p *namer) Close() error { return nil }
