package storm

import (
	"context"
	"errors"
	"slices"
	"time"

	"shmkit/internal/sys"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// turnstile is the actor of Semaphore and Permits.
//
// Its laws. Permits: at no time are more inside than there are permits, and at the end
// all are free, though processes died with some. Semaphore, to which each lane gives as
// many as it then takes: at the end what is left was given by those who were killed
// before they took it.
type turnstile struct {
	stays []stay // with a permit
	lost  uint64 // given to the semaphore, perhaps, and perhaps not taken
}

const (
	turnstilePermits = 2
	turnstileMost    = 3 // at once, from the semaphore
)

const (
	permitPlain = iota
	permitTry
	permitContext
	semaphorePlain
	semaphoreContext
)

func (*turnstile) Name() string { return "semaphore" }
func (*turnstile) Kinds() []string {
	return []string{"Permits.Acquire", "Permits.TryAcquire", "Permits.AcquireContext", "AcquireN", "AcquireNContext"}
}

func (x *turnstile) Setup(seg *shm.Segment, _ int) error {
	p, err := shsync.NewPermitsIn(seg, "permits", turnstilePermits)
	if err != nil {
		return err
	}
	s, err := shsync.NewSemaphoreIn(seg, "semaphore", 0)
	if err != nil {
		return err
	}
	return errors.Join(p.Close(), s.Close())
}

func (*turnstile) Open(l *Lane) (Player, error) { return openVisitor(l.Seg) }

func (x *turnstile) Learn(d *Deed) {
	switch {
	case d.Kind >= semaphorePlain && !d.Known:
		x.lost += d.Args[0]
	case d.Kind < semaphorePlain && d.Known && d.Result[1] > 0 && len(x.stays) < maxStays:
		x.stays = append(x.stays, stay{int64(d.Result[0]), int64(d.Result[1])})
	}
}

func (x *turnstile) Verdict(seg *shm.Segment, report func(string, ...any)) {
	if n := overlap(x.stays); n > turnstilePermits {
		report("permits: %d inside at once", n)
	}
	v, err := openVisitor(seg)
	if err != nil {
		report("semaphore: %v", err)
		return
	}
	for i := range turnstilePermits + 1 {
		if ok, err := v.permits.TryAcquire(); err != nil || ok != (i < turnstilePermits) {
			report("permits: the %dth of %d at the end: %v %v, %v", i+1, turnstilePermits, ok, err, v.permits)
		}
	}
	if left := uint64(v.semaphore.Value()); left > x.lost {
		report("semaphore: %d are left, but those who were killed gave %d at most", left, x.lost)
	}
	if err := v.Close(); err != nil {
		report("semaphore: %v", err)
	}
}

// overlap is how many stays overlap at most.
func overlap(stays []stay) (most int) {
	type edge struct {
		at   int64
		into int
	}
	var edges []edge
	for _, s := range stays {
		edges = append(edges, edge{s.from, 1}, edge{s.to, -1})
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if a.at == b.at {
			return a.into - b.into // who leaves, leaves first
		}
		return int(a.at - b.at)
	})
	now := 0
	for _, e := range edges {
		now += e.into
		most = max(most, now)
	}
	return most
}

// passer is one lane of turnstile.
type passer struct {
	permits   *shsync.Permits
	semaphore *shsync.Semaphore
}

func openVisitor(seg *shm.Segment) (v *passer, err error) {
	v = new(passer)
	if v.permits, err = shsync.OpenPermits(seg, "permits"); err != nil {
		return nil, err
	}
	v.semaphore, err = shsync.OpenSemaphore(seg, "semaphore")
	return v, err
}

func (v *passer) Step(l *Lane) {
	if l.Rand.IntN(64) == 0 {
		l.Must(v.Close())
		again, err := openVisitor(l.Seg)
		l.Must(err)
		*v = *again
	}
	switch kind := l.Rand.IntN(5); kind {
	case semaphorePlain, semaphoreContext:
		v.exchange(l, kind)
	default:
		v.stay(l, kind)
	}
}

// stay is inside with a permit for a while.
func (v *passer) stay(l *Lane, kind int) {
	var from, to int64
	l.Begin(kind)
	for range l.Burst(40) {
		var err error
		ok := true
		switch kind {
		case permitPlain:
			err = v.permits.Acquire()
		case permitTry:
			ok, err = v.permits.TryAcquire()
		case permitContext:
			ok, err = inTime(l, v.permits.AcquireContext)
		}
		l.Must(err)
		if !ok {
			continue
		}
		from = sys.Monotonic()
		l.Pause()
		to = sys.Monotonic()
		l.Must(v.permits.Release())
	}
	l.End(uint64(from), uint64(to))
}

// exchange gives some permits to the semaphore and takes as many. All who wait have
// given what they wait for, so somebody always gets on.
func (v *passer) exchange(l *Lane, kind int) {
	n := 1 + l.Rand.IntN(turnstileMost)
	l.Begin(kind, uint64(n))
	for range l.Burst(40) {
		l.Must(v.semaphore.ReleaseN(n))
		l.Pause()
		if kind == semaphoreContext {
			ok, err := inTime(l, func(ctx context.Context) error { return v.semaphore.AcquireNContext(ctx, n) })
			l.Must(err)
			if ok {
				continue
			}
		}
		l.Must(v.semaphore.AcquireN(n))
	}
	l.End()
}

// inTime tells whether f was done before its context ended.
func inTime(l *Lane, f func(context.Context) error) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(l.Rand.IntN(300)-20)*time.Microsecond)
	defer cancel()
	err := f(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return false, nil
	}
	return err == nil, err
}

func (v *passer) Close() error { return errors.Join(v.permits.Close(), v.semaphore.Close()) }
