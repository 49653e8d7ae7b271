package sync_test

import (
	"testing"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	performers["mutex"] = performer{
		make: func(seg *shm.Segment, name string) (shared, error) { return shsync.NewMutexIn(seg, name) },
		open: openMutex,
		inC:  true,
	}
}

func openMutex(text string) (closer, func(args []string) string, error) {
	m := new(shsync.Mutex)
	err := m.UnmarshalText([]byte(text))
	return m, func(args []string) string {
		switch args[0] {
		case "lock":
			ctx, cancel := limit(args, 1)
			defer cancel()
			return outcome(m.LockContext(ctx))
		case "try":
			switch ok, err := m.TryLock(); {
			case err != nil:
				return outcome(err)
			case !ok:
				return "busy"
			}
			return "ok"
		case "unlock":
			return outcome(m.Unlock())
		case "mark":
			return outcome(m.MarkConsistent())
		}
		return "what?"
	}, err
}

// conformance: LK-01, LK-04
func TestSuiteMutexBasics(t *testing.T) {
	everywhere(t, "mutex", 2, func(s *stage) {
		s.play(
			step{0, "lock", "ok"},
			step{0, "try", "busy"},
			step{1, "try", "busy"},
			step{0, "unlock", "ok"},
			step{0, "unlock", "notheld"},
			step{1, "unlock", "notheld"},
			step{1, "lock", "ok"},
			step{0, "try", "busy"},
			step{1, "try", "busy"},
			step{1, "unlock", "ok"},
			step{0, "try", "ok"},
			step{0, "unlock", "ok"},
		)
	})
}

// conformance: LK-07
func TestSuiteMutexDeadline(t *testing.T) {
	everywhere(t, "mutex", 2, func(s *stage) {
		s.play(
			step{0, "lock 5000000", "ok"},
			step{0, "lock 20", "timeout"},
			step{1, "lock 20", "timeout"},
			step{1, "lock 0", "timeout"},
			step{0, "unlock", "ok"},
			step{1, "lock 0", "ok"},
			step{0, "lock 20", "timeout"},
			step{1, "unlock", "ok"},
		)
	})
}

// conformance: LK-09
func TestSuiteMutexHandedOver(t *testing.T) {
	everywhere(t, "mutex", 3, func(s *stage) {
		s.play(
			step{0, "lock", "ok"},
			step{1, "lock", sleeps},
			step{0, "unlock", "ok"},
			step{1, ends, "ok"},
			step{2, "lock", sleeps},
			step{1, "unlock", "ok"},
			step{2, ends, "ok"},
			step{2, "unlock", "ok"},
		)
	})
}

func TestSuiteMutexHolderKilled(t *testing.T) {
	withDeaths(t, "mutex", 3, func(s *stage) {
		s.play(
			step{1, "lock", "ok"},
			step{0, "lock", sleeps},
			step{2, "lock", sleeps},
			step{1, dies, ""},
		)
		waiters := []*player{s.actors[0], s.actors[2]}
		winner, answer := first(waiters...)
		if answer != "died" {
			t.Fatalf("%s got %q after the holder was killed", waiters[winner].name, answer)
		}
		waiters[winner].do("mark", "ok")
		waiters[winner].do("unlock", "ok")
		waiters[1-winner].answers("ok")
		waiters[1-winner].do("unlock", "ok")
	})
}
