package sync_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// lockModel is one lock in one process with several handles, and what a model knows
// of it. A lock that is held when its last handle is closed counts as one whose
// holder died.
type lockModel struct {
	seg                *shm.Segment
	handles            []*shsync.Mutex
	held, died, ruined bool
}

func (l *lockModel) handle(r *rapid.T) *shsync.Mutex {
	if len(l.handles) == 0 {
		r.Skip("no handle")
	}
	return l.handles[rapid.IntRange(0, len(l.handles)-1).Draw(r, "handle")]
}

func (l *lockModel) want(r *rapid.T, what string, got, want error) {
	if !errors.Is(got, want) {
		r.Fatalf("%s: %v, want %v (held %v, died %v, ruined %v)", what, got, want, l.held, l.died, l.ruined)
	}
}

func (l *lockModel) try(r *rapid.T) {
	ok, err := l.handle(r).TryLock()
	switch {
	case l.ruined:
		l.want(r, "TryLock", err, shsync.ErrNotRecoverable)
	case l.died && !l.held:
		l.want(r, "TryLock", err, shsync.ErrOwnerDied)
	default:
		l.want(r, "TryLock", err, nil)
	}
	if ok != (!l.held && !l.ruined) {
		r.Fatalf("TryLock: %v", ok)
	}
	l.held = l.held || ok
}

func (l *lockModel) unlock(r *rapid.T) {
	err := l.handle(r).Unlock()
	if !l.held {
		l.want(r, "Unlock", err, shsync.ErrNotHeld)
		return
	}
	l.want(r, "Unlock", err, nil)
	l.held, l.ruined = false, l.died
}

func (l *lockModel) consistent(r *rapid.T) {
	err := l.handle(r).MarkConsistent()
	switch {
	case !l.held:
		l.want(r, "MarkConsistent", err, shsync.ErrNotHeld)
	case !l.died:
		l.want(r, "MarkConsistent", err, shsync.ErrConsistent)
	default:
		l.want(r, "MarkConsistent", err, nil)
		l.died = false
	}
}

func (l *lockModel) with(r *rapid.T) {
	m := l.handle(r)
	if l.held {
		return // it would wait for ever
	}
	failure := errors.New("not repaired")
	repair := rapid.Bool().Draw(r, "repair")
	err := m.With(func(told bool) error {
		if told != l.died {
			r.Fatalf("With: died %v", told)
		}
		if repair {
			return nil
		}
		return failure
	})
	switch {
	case l.ruined:
		l.want(r, "With", err, shsync.ErrNotRecoverable)
	case repair:
		l.want(r, "With", err, nil)
		l.died = false
	default:
		l.want(r, "With", err, failure)
	}
}

func (l *lockModel) open(r *rapid.T) {
	m, err := shsync.OpenMutex(l.seg, "lock")
	l.want(r, "OpenMutex", err, nil)
	l.handles = append(l.handles, m)
}

func (l *lockModel) close(r *rapid.T) {
	m := l.handle(r)
	l.want(r, "Close", m.Close(), nil)
	l.handles = slices.DeleteFunc(l.handles, func(other *shsync.Mutex) bool { return other == m })
	if len(l.handles) == 0 && l.held {
		l.held, l.died = false, true
	}
}

// Random calls through random handles do what the model says.
func TestMutexModel(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	rapid.Check(t, func(r *rapid.T) {
		first, err := shsync.NewMutexIn(seg, "lock")
		if err != nil {
			r.Fatal(err)
		}
		l := &lockModel{seg: seg, handles: []*shsync.Mutex{first}}
		r.Repeat(map[string]func(*rapid.T){
			"try": l.try, "unlock": l.unlock, "consistent": l.consistent, "with": l.with, "open": l.open, "close": l.close,
		})
		for _, m := range l.handles {
			m.Close()
		}
		must(t, seg.RemoveObject("lock"))
	})
}
