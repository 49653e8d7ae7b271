package storm

import (
	"context"
	"errors"
	"time"

	"shmkit/array"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// shelf is the actor of RWMutex: numbers that only a writer changes, one after the
// other, and that readers find all equal.
//
// Its law: a reader finds no two numbers that differ, whoever was killed in between;
// the sum of what writers have added is that of what they acknowledged; who finds the
// numbers different has been told that a writer died.
type shelf struct{ written tally }

const shelfNumbers = 6

const (
	shelfWrite = iota
	shelfRead
	shelfTryRead
	shelfReadContext
)

func (*shelf) Name() string    { return "rwmutex" }
func (*shelf) Kinds() []string { return []string{"Lock", "RLock", "TryRLock", "RLockContext"} }

func (*shelf) Setup(seg *shm.Segment, _ int) error {
	rw, err := shsync.NewRWMutexIn(seg, "rwmutex")
	if err != nil {
		return err
	}
	numbers, err := array.NewIn[uint64](seg, "shelf", shelfNumbers)
	if err != nil {
		return err
	}
	return errors.Join(rw.Close(), numbers.Close())
}

func (*shelf) Open(l *Lane) (Player, error) { return openShelf(l.Seg) }

func openShelf(seg *shm.Segment) (*librarian, error) {
	rw, err := shsync.OpenRWMutex(seg, "rwmutex")
	if err != nil {
		return nil, err
	}
	numbers, err := array.Open[uint64](seg, "shelf")
	return &librarian{rw, numbers}, err
}

func (x *shelf) Learn(d *Deed) {
	if d.Kind == shelfWrite {
		x.written.add(d, d.Args[0], d.Args[0])
	}
}

func (x *shelf) Verdict(seg *shm.Segment, report func(string, ...any)) {
	p, err := openShelf(seg)
	if err != nil {
		report("rwmutex: %v", err)
		return
	}
	if err := p.rw.With(p.settle); err != nil {
		report("rwmutex: %v", err)
	}
	if all := p.rw.Readers(); len(all) > 0 {
		report("rwmutex: readers are left: %+v", all)
	}
	x.written.check(report, "rwmutex", p.numbers.At(0))
	if err := p.Close(); err != nil {
		report("rwmutex: %v", err)
	}
}

// librarian is one lane of shelf.
type librarian struct {
	rw      *shsync.RWMutex
	numbers *array.Array[uint64]
}

// settle makes the numbers equal, at what the last writer had begun.
func (p *librarian) settle(died bool) error {
	if died {
		for i := 1; i < shelfNumbers; i++ {
			p.numbers.Set(i, p.numbers.At(0))
		}
	}
	return p.equal()
}

func (p *librarian) equal() error {
	for i := 1; i < shelfNumbers; i++ {
		if p.numbers.At(i) != p.numbers.At(0) {
			return errTorn
		}
	}
	return nil
}

func (p *librarian) Step(l *Lane) {
	if l.Rand.IntN(64) == 0 {
		l.Must(p.rw.Close())
		rw, err := shsync.OpenRWMutex(l.Seg, "rwmutex")
		l.Must(err)
		p.rw = rw
	}
	kind := max(0, l.Rand.IntN(8)-4)
	if kind != shelfWrite {
		l.Begin(kind)
		p.read(l, kind)
		l.End()
		return
	}
	n := l.Burst(5)
	l.Begin(kind, n)
	l.Must(p.rw.With(func(died bool) error {
		if err := p.settle(died); err != nil {
			l.Fault("rwmutex: a writer: %v", err)
		}
		for range n {
			for i := range shelfNumbers {
				p.numbers.Set(i, p.numbers.At(i)+1)
				l.Pause()
			}
		}
		return nil
	}))
	l.End()
}

func (p *librarian) read(l *Lane, kind int) {
	var err error
	switch kind {
	case shelfRead:
		err = p.rw.RLock()
	case shelfTryRead:
		var ok bool
		if ok, err = p.rw.TryRLock(); !ok && err == nil {
			return
		}
	case shelfReadContext:
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(l.Rand.IntN(300)-20)*time.Microsecond)
		defer cancel()
		err = p.rw.RLockContext(ctx)
	}
	if errors.Is(err, shsync.ErrInconsistent) || errors.Is(err, context.DeadlineExceeded) {
		return
	}
	l.Must(err)
	if err := p.equal(); err != nil {
		l.Fault("rwmutex: a reader: %v", err)
	}
	l.Pause()
	l.Must(p.rw.RUnlock())
}

// Close ends the use of lock and numbers.
func (p *librarian) Close() error { return errors.Join(p.rw.Close(), p.numbers.Close()) }
