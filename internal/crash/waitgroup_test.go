//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"
	"fmt"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() { guests["waitgroup"] = func() guest { return new(crew) } }

// crew is a WaitGroup as one process has it open.
type crew struct {
	g    *shsync.WaitGroup
	owes bool // a unit that a task added
	wish
}

func (c *crew) create(seg *shm.Segment) (err error) {
	c.g, err = shsync.NewWaitGroupIn(seg, "waitgroup")
	return err
}

func (c *crew) open(seg *shm.Segment) (err error) {
	c.g, err = shsync.OpenWaitGroup(seg, "waitgroup")
	return err
}

func (c *crew) close() error { return c.g.Close() }

func (c *crew) warm() error { return errors.Join(c.work(), c.g.Done(), c.g.Wait()) }

// work adds a unit and begins it.
func (c *crew) work() error { return errors.Join(c.g.Add(1), c.g.Begin()) }

func (c *crew) tasks() map[string]func() error {
	return map[string]func() error{
		"work": func() error { c.owes = true; return c.work() },
		"wait for work": func() error {
			return c.wants(c.g.Wait)
		},
	}
}

func (c *crew) give() error {
	if !c.owes {
		return nil
	}
	c.owes = false
	return c.g.Done()
}

// got: the work is done, or lost with the victim.
func (c *crew) got() error { return lost(c.wish.got()) }

// look counts, and takes away what is left. Nobody has begun anything by now.
func (c *crew) look() (string, error) {
	info := c.g.Info()
	err := c.g.Add(-info.Open)
	if n := c.g.TakeLost(); n != info.Lost || n+info.Open > 1 || len(info.Begun) > 0 {
		err = errors.Join(err, fmt.Errorf("%+v, %d lost", *info, n))
	}
	if done, e := c.g.TryWait(); !done || e != nil {
		err = errors.Join(err, fmt.Errorf("work is left: %v %v, %v", done, e, c.g))
	}
	return fmt.Sprintf("%d open, %d lost", info.Open, info.Lost), err
}

// frozen: who begins and completes units needs nobody.
func (c *crew) frozen() (held bool, err error) {
	if err := errors.Join(c.g.Add(1), c.g.Begin(), c.g.Done()); err != nil {
		return false, err
	}
	done, err := c.g.TryWait()
	return !done, lost(err)
}

// works is an operation on the WaitGroup.
func works(f func(v *victim, c *crew) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["waitgroup"].(*crew)) })
}

var workShows = []string{"waitgroup"}

func waits(_ *victim, c *crew) func() error { return func() error { return lost(c.g.Wait()) } }

var waitgroupOperations = []operation{
	{name: "waitgroup.Add", shows: workShows,
		prepare: works(func(_ *victim, c *crew) func() error { return func() error { return c.g.Add(1) } })},
	{name: "waitgroup.Begin", brief: true, shows: workShows,
		prepare: works(func(v *victim, c *crew) func() error { v.Must(c.g.Add(1)); return c.g.Begin })},
	{name: "waitgroup.Done", brief: true, shows: workShows,
		prepare: works(func(v *victim, c *crew) func() error { v.Must(c.work()); return c.g.Done })},
	{name: "waitgroup.Done of a unit that is nobody's", brief: true, shows: workShows,
		prepare: works(func(v *victim, c *crew) func() error { v.Must(c.g.Add(1)); return c.g.Done })},
	{name: "waitgroup.Done that wakes", shows: workShows, rouse: residentGot,
		meanwhile: residentAwaits("wait for work", func(s *scene) bool {
			return s.guests["waitgroup"].(*crew).g.Info().Waiters
		}),
		prepare: works(func(v *victim, c *crew) func() error { v.Must(c.work()); v.wait(); return c.g.Done })},
	{name: "waitgroup.Wait", shows: workShows, stage: asked("work"), rouse: residentGives, prepare: works(waits)},
	{name: "waitgroup.Wait for the dead", shows: workShows, meanwhile: corpseDoes("work"),
		prepare: works(func(v *victim, c *crew) func() error { v.wait(); return waits(v, c) })},
	{name: "waitgroup.Close with work", shows: workShows,
		prepare: works(func(v *victim, c *crew) func() error { v.Must(c.work()); return c.g.Close })},
}
