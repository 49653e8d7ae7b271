//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	guests["event"] = func() guest { return new(bell) }
	guests["barrier"] = func() guest { return new(place) }
}

// bell is an Event as one process has it open.
type bell struct {
	e *shsync.Event
	wish
}

func (b *bell) create(seg *shm.Segment) (err error) {
	b.e, err = shsync.NewEventIn(seg, "event")
	return err
}

func (b *bell) open(seg *shm.Segment) (err error) {
	b.e, err = shsync.OpenEvent(seg, "event")
	return err
}

func (b *bell) close() error { return b.e.Close() }

func (b *bell) warm() error { return errors.Join(b.e.Set(), b.e.Wait(), b.e.Clear()) }

func (b *bell) tasks() map[string]func() error {
	return map[string]func() error{
		"ring": b.e.Set,
		"await": func() error {
			return b.wants(b.e.Wait)
		},
	}
}

// give ends what somebody waits for, if the victim did not.
func (b *bell) give() error {
	if !b.wanting() {
		return nil
	}
	return b.e.Set()
}

func (b *bell) look() (string, error) {
	found := map[bool]string{true: "set", false: "not set"}[b.e.IsSet()]
	return found, errors.Join(b.e.Set(), b.e.Wait(), b.e.Clear())
}

func (b *bell) frozen() (bool, error) { b.e.IsSet(); return false, nil }

// place is a Barrier of two as one process has it open.
type place struct {
	b *shsync.Barrier
	wish
}

func (p *place) create(seg *shm.Segment) (err error) {
	p.b, err = shsync.NewBarrierIn(seg, "barrier", 2)
	return err
}

func (p *place) open(seg *shm.Segment) (err error) {
	p.b, err = shsync.OpenBarrier(seg, "barrier")
	return err
}

func (p *place) close() error { return p.b.Close() }

func (p *place) warm() error { return errors.Join(p.both(), p.b.Abort(), p.b.Reset()) }

// both comes twice: that must pass.
func (p *place) both() error {
	first := make(chan error)
	var i int
	go func() {
		var err error
		i, err = p.b.Wait()
		first <- err
	}()
	k, err := p.b.Wait()
	if err = errors.Join(err, <-first); err == nil && i+k != 1 {
		err = fmt.Errorf("indices %d and %d", i, k)
	}
	return err
}

func (p *place) come() error {
	if _, err := p.b.Wait(); !errors.Is(err, shsync.ErrBroken) {
		return err
	}
	return nil // the victim was killed, or another looked after it
}

func (p *place) tasks() map[string]func() error {
	return map[string]func() error{
		// Whether the victim has still to be met is not known: give ends it.
		"wait there": func() error {
			if !p.granted() {
				return nil // it does
			}
			return p.wants(p.come)
		},
		"take part": func() error { // and break it
			ended, cancel := context.WithCancel(context.Background())
			cancel()
			if _, err := p.b.WaitContext(ended); !errors.Is(err, shsync.ErrBroken) {
				return err
			}
			return nil
		},
	}
}

// give ends what somebody waits for, if the victim did not.
func (p *place) give() error {
	if !p.wanting() {
		return nil
	}
	return p.b.Abort()
}

func (p *place) look() (string, error) {
	found := map[bool]string{true: "broken", false: "whole"}[p.b.Broken()]
	return found, errors.Join(p.b.Reset(), p.both(), p.b.Reset())
}

func (p *place) frozen() (bool, error) { p.b.Info(); return false, nil }

// rings is an operation on the Event.
func rings(f func(v *victim, e *shsync.Event) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["event"].(*bell).e) })
}

// meets is an operation on the Barrier, which others may have broken.
func meets(f func(v *victim, b *shsync.Barrier) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error {
		run := f(v, v.guests["barrier"].(*place).b)
		return func() error {
			if err := run(); !errors.Is(err, shsync.ErrBroken) {
				return err
			}
			return nil
		}
	})
}

// awaited has the resident wait for the event.
func awaited(s *scene) {
	residentAwaits("await", func(s *scene) bool { return s.guests["event"].(*bell).e.Info().Waiters })(s)
}

// expected has the resident come to the barrier first.
func expected(s *scene) {
	residentAwaits("wait there", func(s *scene) bool { return s.guests["barrier"].(*place).b.Waiting() > 0 })(s)
}

var (
	eventShows   = []string{"event"}
	barrierShows = []string{"barrier"}
)

var rendezvousOperations = []operation{
	{name: "event.Set", brief: true, shows: eventShows,
		prepare: rings(func(_ *victim, e *shsync.Event) func() error { return e.Set })},
	{name: "event.Set that wakes", shows: eventShows, stage: awaited,
		prepare: rings(func(_ *victim, e *shsync.Event) func() error { return e.Set })},
	{name: "event.Clear", brief: true, shows: eventShows,
		prepare: rings(func(v *victim, e *shsync.Event) func() error { v.Must(e.Set()); return e.Clear })},
	{name: "event.Wait", shows: eventShows, rouse: residentDoes("ring"),
		prepare: rings(func(_ *victim, e *shsync.Event) func() error { return e.Wait })},
	{name: "event.WaitContext that is cancelled", shows: eventShows, rouse: cancels,
		prepare: rings(func(v *victim, e *shsync.Event) func() error { return cancelled(e.WaitContext, v.context()) })},
	{name: "C: event_set", c: true, brief: true, shows: eventShows},
	{name: "C: event_set that wakes", c: true, brief: true, shows: eventShows, stage: awaited},
	{name: "C: event_clear", c: true, brief: true, shows: eventShows},
	{name: "C: event_wait", c: true, shows: eventShows, rouse: residentDoes("ring")},
	{name: "C: event_wait of a set one", c: true, brief: true, shows: eventShows},
	{name: "barrier.Wait of the first", shows: barrierShows, rouse: residentDoes("wait there"),
		prepare: meets(func(_ *victim, b *shsync.Barrier) func() error {
			return func() error { _, err := b.Wait(); return err }
		})},
	{name: "barrier.Wait of the last", shows: barrierShows, stage: expected,
		prepare: meets(func(_ *victim, b *shsync.Barrier) func() error {
			return func() error { _, err := b.Wait(); return err }
		})},
	{name: "barrier.WaitAction of the last", shows: barrierShows, stage: expected,
		prepare: meets(func(_ *victim, b *shsync.Barrier) func() error {
			return func() error {
				_, err := b.WaitAction(context.Background(), func() error { return nil })
				return err
			}
		})},
	{name: "barrier.WaitContext that is cancelled", shows: barrierShows, rouse: cancels,
		prepare: meets(func(v *victim, b *shsync.Barrier) func() error {
			ctx := v.context()
			return func() error { _, err := b.WaitContext(ctx); return err }
		})},
	{name: "barrier.Abort", shows: barrierShows, stage: expected,
		prepare: meets(func(_ *victim, b *shsync.Barrier) func() error { return b.Abort })},
	{name: "barrier.Reset", shows: barrierShows, stage: expected,
		prepare: meets(func(_ *victim, b *shsync.Barrier) func() error { return b.Reset })},
	{name: "barrier.Reset after a death", shows: barrierShows, meanwhile: corpseDoes("take part"),
		prepare: meets(func(v *victim, b *shsync.Barrier) func() error { v.wait(); return b.Reset })},
	{name: "barrier.Close of one who took part", shows: barrierShows,
		prepare: meets(func(v *victim, b *shsync.Barrier) func() error {
			ended, cancel := context.WithCancel(context.Background())
			cancel()
			b.WaitContext(ended)
			v.Must(b.Reset())
			return b.Close
		})},
}
