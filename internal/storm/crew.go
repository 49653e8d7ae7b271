package storm

import (
	"errors"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// crew is the actor of WaitGroup: lanes add units, and begin and complete them, under a
// RecursiveMutex now and then.
//
// Its law: units that were added are done, lost or open at the end; each kill makes at
// most one lost, and nobody finds that it has not begun what it has.
type crew struct {
	added, done       int64 // by deeds that are known
	maybeIn, maybeOut int64 // by those that were interrupted, at most
	interrupted       int64
}

const (
	crewAdd = iota
	crewWork
	crewNest
)

func (*crew) Name() string    { return "waitgroup" }
func (*crew) Kinds() []string { return []string{"Add", "Begin, Done", "Begin, Done in nested locks"} }

func (*crew) Setup(seg *shm.Segment, _ int) error {
	g, err := shsync.NewWaitGroupIn(seg, "crew")
	if err != nil {
		return err
	}
	m, err := shsync.NewRecursiveMutexIn(seg, "crew lock")
	if err != nil {
		return err
	}
	return errors.Join(g.Close(), m.Close())
}

func (*crew) Open(l *Lane) (Player, error) { return openMember(l.Seg) }

func (x *crew) Learn(d *Deed) {
	n := int64(d.Args[0])
	switch {
	case d.Kind == crewAdd && d.Known:
		x.added += n
	case d.Kind == crewAdd:
		x.maybeIn += n
	case d.Known:
		x.done += int64(d.Result[0])
	default:
		x.maybeOut += n
		x.interrupted++
	}
}

func (x *crew) Verdict(seg *shm.Segment, report func(string, ...any)) {
	p, err := openMember(seg)
	if err != nil {
		report("crew: %v", err)
		return
	}
	info := p.g.Info()
	if len(info.Begun) > 0 {
		report("crew: work of nobody: %+v", *info)
	}
	if int64(info.Lost) > x.interrupted {
		report("crew: %d units are lost, but %d deeds were interrupted", info.Lost, x.interrupted)
	}
	gone := x.added - x.done - int64(info.Open) - int64(info.Lost)
	if gone < -x.maybeIn || gone > x.maybeOut {
		report("crew: %d units are missing; interrupted deeds may have added %d and done %d", gone, x.maybeIn, x.maybeOut)
	}
	if err := p.Close(); err != nil {
		report("crew: %v", err)
	}
}

// member is one lane of crew.
type member struct {
	g *shsync.WaitGroup
	m *shsync.RecursiveMutex
	h shsync.Holder
}

func openMember(seg *shm.Segment) (p *member, err error) {
	p = &member{h: shsync.NewHolder()}
	if p.g, err = shsync.OpenWaitGroup(seg, "crew"); err != nil {
		return nil, err
	}
	p.m, err = shsync.OpenRecursiveMutex(seg, "crew lock")
	return p, err
}

func (p *member) Step(l *Lane) {
	kind, n := l.Rand.IntN(3), uint64(l.Burst(100))
	l.Begin(kind, n)
	if kind == crewAdd {
		l.Must(p.g.Add(int(n)))
		l.End()
		return
	}
	done := uint64(0)
	for range n {
		work := p.work
		if kind == crewNest {
			work = func(l *Lane) bool { return p.nested(l, 3) }
		}
		if !work(l) {
			break
		}
		done++
	}
	l.End(done)
}

// work tells whether there was any.
func (p *member) work(l *Lane) bool {
	err := p.g.Begin()
	if errors.Is(err, shsync.ErrNoWork) {
		return false
	}
	l.Must(err)
	l.Must(p.g.Done())
	return true
}

// nested works so many levels deep.
func (p *member) nested(l *Lane, levels int) (worked bool) {
	if levels == 0 {
		if n := p.m.Held(p.h); n != 3 {
			l.Fault("crew lock: held %d times on level 3", n)
		}
		return p.work(l)
	}
	l.Must(p.m.With(p.h, func(bool) error { worked = p.nested(l, levels-1); return nil }))
	return worked
}

func (p *member) Close() error { return errors.Join(p.g.Close(), p.m.Close()) }
