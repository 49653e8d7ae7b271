package sync_test

import (
	"testing"
	"time"

	"shmkit/internal/suite"
	shsync "shmkit/sync"
)

func init() {
	world.Add("rwmutex", suite.KindOf(func(at suite.Place) (*shsync.RWMutex, error) { return shsync.NewRWMutexIn(segment(at), "it") }, performRWMutex))
}

func performRWMutex(rw *shsync.RWMutex) suite.Perform {
	return func(args []string) string {
		ctx, cancel := suite.Limit(args, 1)
		defer cancel()
		switch args[0] {
		case "lock":
			return outcomes.Of(rw.LockContext(ctx))
		case "try":
			return outcomes.Tried(rw.TryLock())
		case "unlock":
			return outcomes.Of(rw.Unlock())
		case "mark":
			return outcomes.Of(rw.MarkConsistent())
		case "rlock":
			return outcomes.Tried(true, rw.RLockContext(ctx))
		case "rtry":
			return outcomes.Tried(rw.TryRLock())
		case "runlock":
			return outcomes.Of(rw.RUnlock())
		}
		return "what?"
	}
}

// conformance: LK-01, LK-04
func TestSuiteRWMutexBasics(t *testing.T) {
	world.Everywhere(t, "rwmutex", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "lock", "ok"),
			at(1, "try", "busy"),
			at(1, "rtry", "busy"),
			at(0, "unlock", "ok"),
			at(0, "unlock", "notheld"),
			at(1, "unlock", "notheld"),
			at(1, "runlock", "notheld"),
			at(0, "rlock", "ok"),
			at(1, "rlock", "ok"),
			at(1, "try", "busy"),
			at(0, "runlock", "ok"),
			at(0, "try", "busy"),
			at(1, "runlock", "ok"),
			at(1, "runlock", "notheld"),
			at(0, "try", "ok"),
			at(0, "unlock", "ok"),
		)
	})
}

// conformance: LK-07
func TestSuiteRWMutexDeadline(t *testing.T) {
	world.Everywhere(t, "rwmutex", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "rlock 5000000", "ok"),
			at(1, "lock 20", "timeout"),
			at(1, "lock 0", "timeout"),
			at(1, "rlock 0", "ok"),
			at(0, "runlock", "ok"),
			at(1, "runlock", "ok"),
			at(1, "lock 0", "ok"),
			at(0, "lock 20", "timeout"),
			at(0, "rlock 20", "timeout"),
			at(1, "unlock", "ok"),
			at(0, "rlock 20", "ok"),
			at(0, "runlock", "ok"),
		)
	})
}

// conformance: LK-09
func TestSuiteRWMutexHandedOver(t *testing.T) {
	world.Everywhere(t, "rwmutex", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "lock", "ok"),
			at(1, "rlock", sleeps),
			at(2, "rlock", sleeps),
			at(3, "lock", sleeps),
			at(0, "unlock", "ok"),
			at(1, ends, "ok"),
			at(2, ends, "ok"),
		)
		for s.Object.(*shsync.RWMutex).Info().State != "held" { // the second writer waits for the readers
			time.Sleep(100 * time.Microsecond)
		}
		s.Play(
			at(0, "rtry", "busy"),
			at(0, "rlock", sleeps),
			at(1, "runlock", "ok"),
			at(2, "runlock", "ok"),
			at(3, ends, "ok"),
			at(3, "unlock", "ok"),
			at(0, ends, "ok"),
			at(0, "runlock", "ok"),
		)
	})
}

// A writer waits for readers that die, asleep and not; a reader that waits dies.
func TestSuiteRWMutexReaderKilled(t *testing.T) {
	world.WithDeaths(t, "rwmutex", 4, func(s *suite.Stage) {
		s.Play(
			at(1, "rlock", "ok"),
			at(1, "rlock", "ok"),
			at(2, "rlock", "ok"),
			at(0, "lock", sleeps),
			at(3, "rlock", sleeps),
			at(1, dies, ""),
			at(3, dies, ""),
			at(2, "runlock", "ok"),
			at(0, ends, "ok"),
			at(0, "unlock", "ok"),
			at(2, "rlock", "ok"),
			at(2, dies, ""),
			at(0, "try", "ok"),
			at(0, "unlock", "ok"),
		)
	})
}

// Readers learn that a writer died, and do not read until one has repaired.
func TestSuiteRWMutexWriterKilled(t *testing.T) {
	world.WithDeaths(t, "rwmutex", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "lock", "ok"),
			at(1, "rlock", sleeps),
			at(2, "rlock", sleeps),
			at(0, dies, ""),
			at(1, ends, "inconsistent"),
			at(2, ends, "inconsistent"),
			at(3, "rtry", "inconsistent"),
			at(3, "rlock", "inconsistent"),
			at(1, "lock", "died"),
			at(2, "rlock", sleeps),
			at(3, "rtry", "busy"),
			at(1, "mark", "ok"),
			at(1, "unlock", "ok"),
			at(2, ends, "ok"),
			at(3, "rlock", "ok"),
		)
	})
}

// A writer that waits for readers dies: it has changed nothing, but nobody knows.
func TestSuiteRWMutexWaitingWriterKilled(t *testing.T) {
	world.WithDeaths(t, "rwmutex", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "rlock", "ok"),
			at(1, "lock", sleeps),
			at(2, "rlock", sleeps),
			at(1, dies, ""),
			at(2, ends, "inconsistent"),
			at(3, "lock", sleeps), // the reader is still in
			at(0, "runlock", "ok"),
			at(3, ends, "died"),
			at(2, "rlock", sleeps),
			at(3, "unlock", "ok"), // unrepaired
			at(2, ends, "unrecoverable"),
			at(0, "rlock", "unrecoverable"),
			at(0, "lock", "unrecoverable"),
		)
	})
}
