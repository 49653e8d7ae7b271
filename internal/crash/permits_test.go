//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() { guests["permits"] = func() guest { return new(wardrobe) } }

// wardrobe is one permit as one process has it open.
type wardrobe struct {
	p   *shsync.Permits
	has bool // a task took it
	wish
}

func (w *wardrobe) create(seg *shm.Segment) (err error) {
	w.p, err = shsync.NewPermitsIn(seg, "permits", 1)
	return err
}

func (w *wardrobe) open(seg *shm.Segment) (err error) {
	w.p, err = shsync.OpenPermits(seg, "permits")
	return err
}

func (w *wardrobe) close() error { return w.p.Close() }

func (w *wardrobe) warm() error { return errors.Join(w.p.Acquire(), w.p.Release()) }

func (w *wardrobe) tasks() map[string]func() error {
	return map[string]func() error{
		"take a permit": func() error { w.has = true; return w.p.Acquire() },
		"want a permit": func() error {
			return w.wants(func() error { return errors.Join(w.p.Acquire(), w.p.Release()) })
		},
	}
}

func (w *wardrobe) give() error {
	if !w.has {
		return nil
	}
	w.has = false
	return w.p.Release()
}

// look: who came has swept, so nothing is left of the dead.
func (w *wardrobe) look() (string, error) {
	info := w.p.Info()
	if info.Free != info.Count {
		return "", fmt.Errorf("%+v: a permit is lost", *info)
	}
	return "free", w.warm()
}

func (w *wardrobe) frozen() (held bool, err error) {
	if w.wanting() || w.has {
		return false, nil // something is under way that the frozen one is part of
	}
	ok, err := w.p.TryAcquire()
	if ok {
		return false, errors.Join(err, w.p.Release())
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if e := w.p.AcquireContext(ended); !errors.Is(e, context.Canceled) {
		return true, fmt.Errorf("AcquireContext of a permit that is taken: %v, %v", e, err)
	}
	return true, err
}

// takes is an operation on the permit.
func takes(f func(v *victim, p *shsync.Permits) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["permits"].(*wardrobe).p) })
}

// corpseHas is a process that died with the permit.
func corpseHas(s *scene) { s.corpse("take a permit") }

var permitsShows = []string{"permits"}

var permitsOperations = []operation{
	{name: "permits.Acquire", brief: true, shows: permitsShows,
		prepare: takes(func(_ *victim, p *shsync.Permits) func() error { return p.Acquire })},
	{name: "permits.Release", brief: true, shows: permitsShows,
		prepare: takes(func(v *victim, p *shsync.Permits) func() error { v.Must(p.Acquire()); return p.Release })},
	{name: "permits.Acquire that waits", shows: permitsShows,
		stage: residentDoes("take a permit"), rouse: residentGives,
		prepare: takes(func(_ *victim, p *shsync.Permits) func() error { return p.Acquire })},
	{name: "permits.AcquireContext that is cancelled", shows: permitsShows,
		stage: residentDoes("take a permit"), rouse: cancels,
		prepare: takes(func(v *victim, p *shsync.Permits) func() error { return givesUp(p.AcquireContext, v.context()) })},
	{name: "permits.Release that wakes", shows: permitsShows, rouse: residentGot,
		meanwhile: residentAwaits("want a permit", func(s *scene) bool { return s.guests["permits"].(*wardrobe).p.Info().Waiters }),
		prepare: takes(func(v *victim, p *shsync.Permits) func() error {
			v.Must(p.Acquire())
			v.wait()
			return p.Release
		})},
	{name: "permits.Acquire from the dead", shows: permitsShows, meanwhile: corpseHas,
		prepare: takes(func(v *victim, p *shsync.Permits) func() error { v.wait(); return p.Acquire })},
	{name: "permits.TryAcquire from the dead", shows: permitsShows, meanwhile: corpseHas,
		prepare: takes(func(v *victim, p *shsync.Permits) func() error {
			v.wait()
			return func() error { _, err := p.TryAcquire(); return err }
		})},
	{name: "permits.Close with a permit", shows: permitsShows,
		prepare: takes(func(v *victim, p *shsync.Permits) func() error { v.Must(p.Acquire()); return p.Close })},
}
