package queues

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/internal/suite"
	"shmkit/ring"
)

// Joins: Join returns when all is done, wherever that was, and not before.
//
// conformance
func Joins(t *testing.T, w *suite.World) {
	w.Everywhere(t, "joinable4", 4, func(s *suite.Stage) {
		for range 2 {
			s.Play(
				at(3, "join", "ok"), at(1, "done", "toomany"),
				at(0, "put 1", "ok"), at(0, "put 2", "ok"), at(1, "put 3", "ok"),
				at(0, "unfinished", "3"), at(3, "join 20", "timeout"),
				at(3, "join", sleeps),
				at(1, "get", "1"), at(2, "get", "2"), at(1, "get", "3"),
				at(0, "len", "0"), at(0, "unfinished", "3"),
				at(1, "done", "ok"), at(2, "done", "ok"), at(2, "done", "toomany"),
				at(0, "unfinished", "1"), at(0, "join 20", "timeout"),
				at(1, "done", "ok"),
				at(3, ends, "ok"),
				at(2, "unfinished", "0"), at(2, "join", "ok"),
			)
		}
		s.Play(
			at(0, "put 1", "ok"), at(1, "close", "ok"), at(0, "put 2", "closed"),
			at(3, "join", sleeps),
			at(2, "get", "1"), at(2, "get", "closed"), at(2, "done", "ok"),
			at(3, ends, "ok"),
		)
	})
}

// ConsumerKilled: what a consumer had taken and not done comes back to another, and Join
// waits for that.
//
// conformance: Q-06
func ConsumerKilled(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "joinable4", 3, func(s *suite.Stage) {
		for range 3 {
			s.Play(
				at(0, "put 7", "ok"), at(0, "put 8", "ok"),
				at(1, "get", "7"), at(1, "get", "8"), at(1, "done", "ok"),
				at(0, "join", sleeps),
				at(1, dies, ""),
				at(2, "get", "8"),
				at(2, "unfinished", "1"), at(2, "done", "ok"),
				at(0, ends, "ok"),
				at(0, "unfinished", "0"), at(0, "tryget", "empty"),
			)
			s.Recast(1)
		}
	})
}

// Unfinished: a message is unfinished from Put to TaskDone, wherever it is meanwhile.
//
// conformance
func Unfinished(t *testing.T, w *suite.World) {
	shmtest.Watchdog(t, time.Minute)
	j := newJoinable(t, w, 3)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	joined := func(want int) {
		t.Helper()
		if n := j.Unfinished(); n != want {
			t.Errorf("%d are unfinished, want %d", n, want)
		}
		if err := j.Join(over); want == 0 && err != nil || want > 0 && !errors.Is(err, context.Canceled) {
			t.Errorf("Join: %v, %d are unfinished", err, want)
		}
	}
	joined(0)
	for n := range uint64(100) {
		must(t, j.Put(MessageOf(1, n)))
		joined(1)
		must(t, j.TryPut(MessageOf(1, n)))
		for range 2 {
			if m, err := j.Get(); err != nil || m != MessageOf(1, n) {
				t.Fatalf("got %+v, %v, want %d", m, err, n)
			}
		}
		joined(2)
		must(t, j.TaskDone())
		joined(1)
		must(t, j.TaskDone())
		joined(0)
		if err := j.TaskDone(); !errors.Is(err, ring.ErrTaskDone) {
			t.Fatalf("TaskDone of nothing: %v", err)
		}
	}
}

// JoinHears: every Join hears of the end, also if it comes in between two of its steps.
func JoinHears(t *testing.T, w *suite.World) {
	shmtest.Watchdog(t, time.Minute)
	j := newJoinable(t, w, 4)
	for n := range uint64(3000) {
		must(t, j.Put(MessageOf(1, n)))
		_, err := j.Get()
		must(t, err)
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if err := j.Join(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		if n%3 > 0 {
			runtime.Gosched()
		}
		must(t, j.TaskDone())
		all.Wait()
	}
}
