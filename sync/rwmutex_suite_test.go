package sync_test

import (
	"errors"
	"testing"
	"time"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	performers["rwmutex"] = performer{
		make: func(seg *shm.Segment, name string) (shared, error) { return shsync.NewRWMutexIn(seg, name) },
		open: openRWMutex,
	}
}

// tried is the answer of a call that does not wait.
func tried(ok bool, err error) string {
	switch {
	case errors.Is(err, shsync.ErrInconsistent):
		return "inconsistent"
	case err != nil:
		return outcome(err)
	case !ok:
		return "busy"
	}
	return "ok"
}

func openRWMutex(text string) (closer, func(args []string) string, error) {
	rw := new(shsync.RWMutex)
	err := rw.UnmarshalText([]byte(text))
	return rw, func(args []string) string {
		ctx, cancel := limit(args, 1)
		defer cancel()
		switch args[0] {
		case "lock":
			return outcome(rw.LockContext(ctx))
		case "try":
			return tried(rw.TryLock())
		case "unlock":
			return outcome(rw.Unlock())
		case "mark":
			return outcome(rw.MarkConsistent())
		case "rlock":
			return tried(true, rw.RLockContext(ctx))
		case "rtry":
			return tried(rw.TryRLock())
		case "runlock":
			return outcome(rw.RUnlock())
		}
		return "what?"
	}, err
}

// conformance: LK-01, LK-04
func TestSuiteRWMutexBasics(t *testing.T) {
	everywhere(t, "rwmutex", 2, func(s *stage) {
		s.play(
			step{0, "lock", "ok"},
			step{1, "try", "busy"},
			step{1, "rtry", "busy"},
			step{0, "unlock", "ok"},
			step{0, "unlock", "notheld"},
			step{1, "unlock", "notheld"},
			step{1, "runlock", "notheld"},
			step{0, "rlock", "ok"},
			step{1, "rlock", "ok"},
			step{1, "try", "busy"},
			step{0, "runlock", "ok"},
			step{0, "try", "busy"},
			step{1, "runlock", "ok"},
			step{1, "runlock", "notheld"},
			step{0, "try", "ok"},
			step{0, "unlock", "ok"},
		)
	})
}

// conformance: LK-07
func TestSuiteRWMutexDeadline(t *testing.T) {
	everywhere(t, "rwmutex", 2, func(s *stage) {
		s.play(
			step{0, "rlock 5000000", "ok"},
			step{1, "lock 20", "timeout"},
			step{1, "lock 0", "timeout"},
			step{1, "rlock 0", "ok"},
			step{0, "runlock", "ok"},
			step{1, "runlock", "ok"},
			step{1, "lock 0", "ok"},
			step{0, "lock 20", "timeout"},
			step{0, "rlock 20", "timeout"},
			step{1, "unlock", "ok"},
			step{0, "rlock 20", "ok"},
			step{0, "runlock", "ok"},
		)
	})
}

// conformance: LK-09
func TestSuiteRWMutexHandedOver(t *testing.T) {
	everywhere(t, "rwmutex", 4, func(s *stage) {
		s.play(
			step{0, "lock", "ok"},
			step{1, "rlock", sleeps},
			step{2, "rlock", sleeps},
			step{3, "lock", sleeps},
			step{0, "unlock", "ok"},
			step{1, ends, "ok"},
			step{2, ends, "ok"},
		)
		for s.object.(*shsync.RWMutex).Info().State != "held" { // the second writer waits for the readers
			time.Sleep(100 * time.Microsecond)
		}
		s.play(
			step{0, "rtry", "busy"},
			step{0, "rlock", sleeps},
			step{1, "runlock", "ok"},
			step{2, "runlock", "ok"},
			step{3, ends, "ok"},
			step{3, "unlock", "ok"},
			step{0, ends, "ok"},
			step{0, "runlock", "ok"},
		)
	})
}

// A writer waits for readers that die, asleep and not; a reader that waits dies.
func TestSuiteRWMutexReaderKilled(t *testing.T) {
	withDeaths(t, "rwmutex", 4, func(s *stage) {
		s.play(
			step{1, "rlock", "ok"},
			step{1, "rlock", "ok"},
			step{2, "rlock", "ok"},
			step{0, "lock", sleeps},
			step{3, "rlock", sleeps},
			step{1, dies, ""},
			step{3, dies, ""},
			step{2, "runlock", "ok"},
			step{0, ends, "ok"},
			step{0, "unlock", "ok"},
			step{2, "rlock", "ok"},
			step{2, dies, ""},
			step{0, "try", "ok"},
			step{0, "unlock", "ok"},
		)
	})
}

// Readers learn that a writer died, and do not read until one has repaired.
func TestSuiteRWMutexWriterKilled(t *testing.T) {
	withDeaths(t, "rwmutex", 4, func(s *stage) {
		s.play(
			step{0, "lock", "ok"},
			step{1, "rlock", sleeps},
			step{2, "rlock", sleeps},
			step{0, dies, ""},
			step{1, ends, "inconsistent"},
			step{2, ends, "inconsistent"},
			step{3, "rtry", "inconsistent"},
			step{3, "rlock", "inconsistent"},
			step{1, "lock", "died"},
			step{2, "rlock", sleeps},
			step{3, "rtry", "busy"},
			step{1, "mark", "ok"},
			step{1, "unlock", "ok"},
			step{2, ends, "ok"},
			step{3, "rlock", "ok"},
		)
	})
}

// A writer that waits for readers dies: it has changed nothing, but nobody knows.
func TestSuiteRWMutexWaitingWriterKilled(t *testing.T) {
	withDeaths(t, "rwmutex", 4, func(s *stage) {
		s.play(
			step{0, "rlock", "ok"},
			step{1, "lock", sleeps},
			step{2, "rlock", sleeps},
			step{1, dies, ""},
			step{2, ends, "inconsistent"},
			step{3, "lock", sleeps}, // the reader is still in
			step{0, "runlock", "ok"},
			step{3, ends, "died"},
			step{2, "rlock", sleeps},
			step{3, "unlock", "ok"}, // unrepaired
			step{2, ends, "unrecoverable"},
			step{0, "rlock", "unrecoverable"},
			step{0, "lock", "unrecoverable"},
		)
	})
}
