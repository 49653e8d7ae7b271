//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() { guests["semaphore"] = func() guest { return new(gate) } }

// gate is a Semaphore as one process has it open. Permits that the victim had are lost;
// whoever looks puts back as many as there were.
type gate struct {
	s   *shsync.Semaphore
	has int // permits that a task took
	wish
}

const gatePermits = 2

func (g *gate) create(seg *shm.Segment) (err error) {
	g.s, err = shsync.NewSemaphoreIn(seg, "semaphore", gatePermits)
	return err
}

func (g *gate) open(seg *shm.Segment) (err error) {
	g.s, err = shsync.OpenSemaphore(seg, "semaphore")
	return err
}

func (g *gate) close() error { return g.s.Close() }

func (g *gate) warm() error {
	return errors.Join(g.s.Acquire(), g.s.Release(), g.s.AcquireN(gatePermits), g.s.ReleaseN(gatePermits))
}

func (g *gate) tasks() map[string]func() error {
	all := func() error { g.has = gatePermits; return g.s.AcquireN(gatePermits) }
	return map[string]func() error{
		"acquire all": all,
		"acquire one more": func() error {
			if err := all(); err != nil {
				return err
			}
			return g.wants(func() error { return g.s.Acquire() })
		},
	}
}

func (g *gate) give() error {
	n := g.has
	if g.has = 0; n == 0 {
		return nil
	}
	return g.s.ReleaseN(n)
}

// look counts, and makes it as many as there were.
func (g *gate) look() (string, error) {
	info := g.s.Info()
	for {
		ok, err := g.s.TryAcquire()
		if err != nil {
			return "", err
		}
		if !ok {
			break
		}
	}
	var err error
	if info.Free > gatePermits+1 {
		err = fmt.Errorf("%+v: permits from nowhere", *info)
	}
	return fmt.Sprintf("%d free", info.Free), errors.Join(err, g.s.ReleaseN(gatePermits))
}

// frozen: a semaphore has no owner, so nobody has to wait for a frozen one.
func (g *gate) frozen() (held bool, err error) {
	ok, err := g.s.TryAcquire()
	if !ok {
		return false, err
	}
	return false, errors.Join(err, g.s.Release())
}

// acquires is an operation on the semaphore.
func acquires(f func(v *victim, s *shsync.Semaphore) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["semaphore"].(*gate).s) })
}

// residentDoes tells the resident something.
func residentDoes(what string) func(s *scene) {
	return func(s *scene) { s.ask(s.resident, what, "staging") }
}

// givesUp makes it no error that f was cancelled, and one that it was not.
func givesUp(f func(context.Context) error, ctx context.Context) func() error {
	return func() error {
		if err := f(ctx); !errors.Is(err, context.Canceled) {
			return fmt.Errorf("cancelled: %w", err)
		}
		return nil
	}
}

var semaphoreShows = []string{"semaphore"}

var semaphoreOperations = []operation{
	{name: "semaphore.Acquire", brief: true, shows: semaphoreShows,
		prepare: acquires(func(_ *victim, s *shsync.Semaphore) func() error { return s.Acquire })},
	{name: "semaphore.Release", brief: true, shows: semaphoreShows,
		prepare: acquires(func(_ *victim, s *shsync.Semaphore) func() error { return s.Release })},
	{name: "semaphore.Acquire that waits", shows: semaphoreShows,
		stage: residentDoes("acquire all"), rouse: residentGives,
		prepare: acquires(func(_ *victim, s *shsync.Semaphore) func() error { return s.Acquire })},
	{name: "semaphore.AcquireN that waits", shows: semaphoreShows,
		stage: residentDoes("acquire all"), rouse: residentGives,
		prepare: acquires(func(_ *victim, s *shsync.Semaphore) func() error {
			return func() error { return s.AcquireN(gatePermits) }
		})},
	{name: "semaphore.AcquireContext that is cancelled", shows: semaphoreShows,
		stage: residentDoes("acquire all"), rouse: cancels,
		prepare: acquires(func(v *victim, s *shsync.Semaphore) func() error { return givesUp(s.AcquireContext, v.context()) })},
	{name: "semaphore.Release that wakes", shows: semaphoreShows,
		meanwhile: residentAwaits("acquire one more", func(s *scene) bool { return s.guests["semaphore"].(*gate).s.Info().Waiters }),
		prepare: acquires(func(v *victim, s *shsync.Semaphore) func() error {
			v.wait()
			return s.Release
		})},
	{name: "C: semaphore_acquire", c: true, brief: true, shows: semaphoreShows},
	{name: "C: semaphore_release", c: true, brief: true, shows: semaphoreShows},
	{name: "C: semaphore_acquire that waits", c: true, shows: semaphoreShows,
		stage: residentDoes("acquire all"), rouse: residentGives},
}
