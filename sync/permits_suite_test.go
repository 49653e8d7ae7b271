package sync_test

import (
	"context"
	"strconv"
	"testing"

	"shmkit/internal/suite"
	shsync "shmkit/sync"
)

func init() {
	world.Add("permits", suite.KindOf(func(at suite.Place) (*shsync.Permits, error) { return shsync.NewPermitsIn(segment(at), "it", 2) }, performPermits))
}

func performPermits(p *shsync.Permits) suite.Perform {
	return func(args []string) string {
		switch args[0] {
		case "acquire":
			ctx, cancel := suite.Limit(args, 1)
			defer cancel()
			return outcomes.Of(p.AcquireContext(ctx))
		case "try":
			return outcomes.Tried(p.TryAcquire())
		case "release":
			return outcomes.Of(p.Release())
		case "value":
			return strconv.Itoa(p.Value())
		case "held":
			return strconv.Itoa(p.Held())
		case "close":
			return outcomes.Of(p.Close())
		case "nested":
			return outcomes.Of(p.With(func() error { return p.With(func() error { return nil }) }))
		}
		return "what?"
	}
}

// Permits belong to processes: each may release its own only, and those of the dead
// are free.
func TestSuitePermits(t *testing.T) {
	world.WithDeaths(t, "permits", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "release", "notheld"), at(1, "acquire", "ok"), at(0, "release", "notheld"),
			at(1, "held", "1"), at(0, "value", "1"), at(2, "try", "ok"), at(0, "try", "busy"),
			at(0, "acquire", sleeps), at(3, "acquire", sleeps),
			at(1, dies, ""), at(2, dies, ""),
			at(0, ends, "ok"), at(3, ends, "ok"),
			at(0, "value", "0"), at(3, dies, ""), at(0, "acquire", "ok"), at(0, "held", "2"),
			at(0, "release", "ok"), at(0, "release", "ok"), at(0, "release", "notheld"), at(0, "value", "2"),
		)
	})
}

// The goroutines of one process share what it has.
func TestSuitePermitsOfOneProcess(t *testing.T) {
	world.Everywhere(t, "permits", 1, func(s *suite.Stage) {
		s.Play(at(0, "acquire", "ok"), at(0, "acquire", "ok"), at(0, "acquire 10", "timeout"), at(0, "held", "2"))
		if err := s.Object.(*shsync.Permits).AcquireContext(expired()); err == nil {
			t.Error("a third permit of two")
		}
		s.Play(at(0, "release", "ok"), at(0, "release", "ok"), at(0, "release", "notheld"))
	})
}

// expired is a context that has ended.
func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
