package sync_test

import (
	"errors"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// TestMutexModel: random calls through random handles of one process do what a model
// of one lock says. A lock that is held when its last handle is closed counts as one
// whose holder died.
func TestMutexModel(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	rapid.Check(t, func(r *rapid.T) {
		first, err := shsync.NewMutexIn(seg, "lock")
		if err != nil {
			r.Fatal(err)
		}
		handles := []*shsync.Mutex{first}
		held, died, ruined := false, false, false
		handle := func(r *rapid.T) *shsync.Mutex {
			if len(handles) == 0 {
				r.Skip("no handle")
			}
			return handles[rapid.IntRange(0, len(handles)-1).Draw(r, "handle")]
		}
		want := func(r *rapid.T, what string, got, want error) {
			if !errors.Is(got, want) {
				r.Fatalf("%s: %v, want %v (held %v, died %v, ruined %v)", what, got, want, held, died, ruined)
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"try": func(r *rapid.T) {
				ok, err := handle(r).TryLock()
				switch {
				case ruined:
					want(r, "TryLock", err, shsync.ErrNotRecoverable)
				case died && !held:
					want(r, "TryLock", err, shsync.ErrOwnerDied)
				default:
					want(r, "TryLock", err, nil)
				}
				if ok != (!held && !ruined) {
					r.Fatalf("TryLock: %v", ok)
				}
				held = held || ok
			},
			"unlock": func(r *rapid.T) {
				err := handle(r).Unlock()
				if !held {
					want(r, "Unlock", err, shsync.ErrNotHeld)
					return
				}
				want(r, "Unlock", err, nil)
				held, ruined = false, died
			},
			"consistent": func(r *rapid.T) {
				err := handle(r).MarkConsistent()
				switch {
				case !held:
					want(r, "MarkConsistent", err, shsync.ErrNotHeld)
				case !died:
					want(r, "MarkConsistent", err, shsync.ErrConsistent)
				default:
					want(r, "MarkConsistent", err, nil)
					died = false
				}
			},
			"with": func(r *rapid.T) {
				m := handle(r)
				if held {
					return // it would wait for ever
				}
				failure := errors.New("not repaired")
				repair := rapid.Bool().Draw(r, "repair")
				err := m.With(func(told bool) error {
					if told != died {
						r.Fatalf("With: died %v", told)
					}
					if repair {
						return nil
					}
					return failure
				})
				switch {
				case ruined:
					want(r, "With", err, shsync.ErrNotRecoverable)
				case repair:
					want(r, "With", err, nil)
					died = false
				default:
					want(r, "With", err, failure)
				}
			},
			"open": func(r *rapid.T) {
				m, err := shsync.OpenMutex(seg, "lock")
				want(r, "OpenMutex", err, nil)
				handles = append(handles, m)
			},
			"close": func(r *rapid.T) {
				m := handle(r)
				want(r, "Close", m.Close(), nil)
				for i, other := range handles {
					if other == m {
						handles = append(handles[:i], handles[i+1:]...)
						break
					}
				}
				if len(handles) == 0 && held {
					held, died = false, true
				}
			},
		})
		for _, m := range handles {
			m.Close()
		}
		must(t, seg.RemoveObject("lock"))
	})
}
