package sync_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	performers["semaphore"] = performer{
		make: func(seg *shm.Segment, name string) (shared, error) { return shsync.NewSemaphoreIn(seg, name, 2) },
		open: func(text string) (closer, func([]string) string, error) {
			s := new(shsync.Semaphore)
			return s, func(args []string) string { return performSemaphore(s, args) }, s.UnmarshalText([]byte(text))
		},
		inC: true,
	}
	performers["bounded"] = performer{
		make: func(seg *shm.Segment, name string) (shared, error) { return shsync.NewBoundedSemaphoreIn(seg, name, 2) },
		open: func(text string) (closer, func([]string) string, error) {
			s := new(shsync.BoundedSemaphore)
			return s, func(args []string) string { return performSemaphore(&s.Semaphore, args) }, s.UnmarshalText([]byte(text))
		},
		inC: true,
	}
	performers["permits"] = performer{
		make: func(seg *shm.Segment, name string) (shared, error) { return shsync.NewPermitsIn(seg, name, 2) },
		open: openPermits,
	}
}

// performSemaphore: the number of permits is in the call, as in "acquire3"; 1 if it is
// not.
func performSemaphore(s *shsync.Semaphore, args []string) string {
	op := strings.TrimRight(args[0], "0123456789")
	n, err := strconv.Atoi(args[0][len(op):])
	many := err == nil
	ctx, cancel := limit(args, 1)
	defer cancel()
	switch {
	case op == "acquire" && many:
		return outcome(s.AcquireNContext(ctx, n))
	case op == "acquire" && len(args) > 1:
		return outcome(s.AcquireContext(ctx))
	case op == "acquire":
		return outcome(s.Acquire())
	case op == "try" && many:
		return tried(s.TryAcquireN(n))
	case op == "try":
		return tried(s.TryAcquire())
	case op == "release" && many:
		return outcome(s.ReleaseN(n))
	case op == "release":
		return outcome(s.Release())
	case op == "value":
		return strconv.Itoa(s.Value())
	case op == "nested":
		return outcome(s.With(func() error { return s.With(func() error { return nil }) }))
	}
	return "what?"
}

func openPermits(text string) (closer, func(args []string) string, error) {
	p := new(shsync.Permits)
	err := p.UnmarshalText([]byte(text))
	return p, func(args []string) string {
		switch args[0] {
		case "acquire":
			ctx, cancel := limit(args, 1)
			defer cancel()
			return outcome(p.AcquireContext(ctx))
		case "try":
			return tried(p.TryAcquire())
		case "release":
			return outcome(p.Release())
		case "value":
			return strconv.Itoa(p.Value())
		case "held":
			return strconv.Itoa(p.Held())
		case "close":
			return outcome(p.Close())
		case "nested":
			return outcome(p.With(func() error { return p.With(func() error { return nil }) }))
		}
		return "what?"
	}, err
}

// conformance: SEM-01
func TestSuiteSemaphoreCounts(t *testing.T) {
	everywhere(t, "semaphore", 2, func(s *stage) {
		s.play(
			step{0, "value", "2"}, step{0, "acquire", "ok"},
			step{1, "value", "1"}, step{1, "acquire", "ok"},
			step{0, "value", "0"}, step{0, "try", "busy"}, step{1, "try", "busy"}, step{1, "value", "0"},
			step{1, "release", "ok"}, step{0, "value", "1"},
			step{1, "release", "ok"}, step{0, "value", "2"},
			step{0, "release", "ok"}, step{1, "value", "3"},
			step{1, "release", "ok"}, step{0, "value", "4"},
		)
	})
}

// conformance: SEM-02
func TestSuiteSemaphoreBounded(t *testing.T) {
	everywhere(t, "bounded", 2, func(s *stage) {
		s.play(
			step{0, "value", "2"}, step{0, "release", "toomany"}, step{1, "release", "toomany"}, step{0, "value", "2"},
			step{0, "acquire", "ok"}, step{1, "acquire", "ok"}, step{1, "try", "busy"},
			step{0, "release3", "toomany"}, step{1, "release3", "toomany"}, step{0, "value", "0"},
			step{1, "release", "ok"}, step{1, "release", "ok"},
			step{0, "release", "toomany"}, step{1, "release", "toomany"}, step{1, "value", "2"},
			step{0, "acquire3", "toomany"},
		)
	})
}

// conformance: SEM-03
func TestSuiteSemaphoreDeadline(t *testing.T) {
	for _, kind := range []string{"semaphore", "permits"} {
		t.Run(kind, func(t *testing.T) {
			everywhere(t, kind, 2, func(s *stage) {
				s.play(
					step{0, "acquire 5000000", "ok"}, step{1, "acquire 0", "ok"},
					step{0, "try", "busy"}, step{0, "acquire 0", "timeout"}, step{1, "acquire 0", "timeout"},
					step{0, "acquire 20", "timeout"}, step{1, "acquire 20", "timeout"},
					step{1, "value", "0"}, step{1, "release", "ok"}, step{0, "value", "1"},
				)
			})
		})
	}
}

// conformance: SEM-06
func TestSuiteSemaphoreMany(t *testing.T) {
	everywhere(t, "semaphore", 4, func(s *stage) {
		s.play(
			step{0, "release0", "count"}, step{1, "release0", "count"}, step{0, "try0", "count"}, step{1, "try0", "count"},
			step{0, "try3", "busy"}, step{1, "try3", "busy"}, step{0, "release5", "ok"}, step{1, "value", "7"},
			step{1, "acquire3", "ok"}, step{0, "acquire4", "ok"}, step{1, "value", "0"},
			// All at once: who waits for three has none meanwhile.
			step{0, "acquire3", sleeps}, step{1, "release2", "ok"}, step{1, "try2", "ok"},
			step{1, "release3", "ok"}, step{0, ends, "ok"}, step{1, "value", "0"},
			// One that wants many does not keep one that wants few from what there is.
			step{0, "acquire3", sleeps}, step{1, "acquire", sleeps},
			step{2, "release", "ok"}, step{1, ends, "ok"},
			step{1, "acquire2", sleeps}, step{3, "release3", "ok"},
		)
		winner, answer := first(s.actors[0], s.actors[1])
		if answer != "ok" {
			t.Fatalf("actor %d: %s", winner, answer)
		}
		s.actors[2].do("release3", "ok")
		s.actors[1-winner].answers("ok")
	})
}

// Each release lets one in, of those who sleep in whatever process.
func TestSuiteSemaphoreHandedOver(t *testing.T) {
	for _, kind := range []string{"semaphore", "permits"} {
		t.Run(kind, func(t *testing.T) {
			everywhere(t, kind, 4, func(s *stage) {
				s.play(
					step{0, "acquire", "ok"}, step{0, "acquire", "ok"},
					step{1, "acquire", sleeps}, step{2, "acquire", sleeps}, step{3, "acquire", sleeps},
					step{0, "release", "ok"}, step{0, "release", "ok"},
				)
				waiters := append([]*player(nil), s.actors[1:]...)
				for range 3 {
					i, answer := first(waiters...)
					if answer != "ok" {
						t.Fatalf("%s: %s", waiters[i].name, answer)
					}
					waiters[i].do("release", "ok")
					waiters = append(waiters[:i], waiters[i+1:]...)
				}
				s.play(step{0, "value", "2"})
			})
		})
	}
}

// conformance: SEM-09
func TestSuiteSemaphoreNested(t *testing.T) {
	for _, kind := range []string{"semaphore", "permits"} {
		t.Run(kind, func(t *testing.T) {
			everywhere(t, kind, 3, func(s *stage) {
				s.play(step{0, "nested", "ok"}, step{2, "nested", "ok"}, step{0, "value", "2"})
			})
		})
	}
}

// A waiter that is killed takes nothing with it; a plain permit dies with who has it.
func TestSuiteSemaphoreKilled(t *testing.T) {
	withDeaths(t, "semaphore", 4, func(s *stage) {
		s.play(
			step{0, "acquire", "ok"}, step{1, "acquire", "ok"},
			step{2, "acquire", sleeps}, step{3, "acquire", sleeps},
			step{2, dies, ""}, step{1, dies, ""},
			step{0, "release", "ok"}, step{3, ends, "ok"}, step{0, "value", "0"},
		)
	})
}

// Permits belong to processes: each may release its own only, and those of the dead
// are free.
func TestSuitePermits(t *testing.T) {
	withDeaths(t, "permits", 4, func(s *stage) {
		s.play(
			step{0, "release", "notheld"}, step{1, "acquire", "ok"}, step{0, "release", "notheld"},
			step{1, "held", "1"}, step{0, "value", "1"}, step{2, "try", "ok"}, step{0, "try", "busy"},
			step{0, "acquire", sleeps}, step{3, "acquire", sleeps},
			step{1, dies, ""}, step{2, dies, ""},
			step{0, ends, "ok"}, step{3, ends, "ok"},
			step{0, "value", "0"}, step{3, dies, ""}, step{0, "acquire", "ok"}, step{0, "held", "2"},
			step{0, "release", "ok"}, step{0, "release", "ok"}, step{0, "release", "notheld"}, step{0, "value", "2"},
		)
	})
}

// The goroutines of one process share what it has.
func TestSuitePermitsOfOneProcess(t *testing.T) {
	everywhere(t, "permits", 1, func(s *stage) {
		s.play(step{0, "acquire", "ok"}, step{0, "acquire", "ok"}, step{0, "acquire 10", "timeout"}, step{0, "held", "2"})
		if err := s.object.(*shsync.Permits).AcquireContext(expired()); err == nil {
			t.Error("a third permit of two")
		}
		s.play(step{0, "release", "ok"}, step{0, "release", "ok"}, step{0, "release", "notheld"})
	})
}

// expired is a context that has ended.
func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
