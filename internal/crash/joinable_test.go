//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"shmkit/ring"
	"shmkit/shm"
)

func init() { guests["joinable"] = func() guest { return new(desk) } }

// desk is a Joinable as one process has it open.
type desk struct {
	j    *ring.Joinable[parcel]
	owes int // what tasks took, and did not do
	wish
}

func (d *desk) create(seg *shm.Segment) (err error) {
	d.j, err = ring.NewJoinableIn[parcel](seg, "joinable", shelf)
	return err
}

func (d *desk) open(seg *shm.Segment) (err error) {
	d.j, err = ring.OpenJoinable[parcel](seg, "joinable")
	return err
}

func (d *desk) close() error { return d.j.Detach() }

func (d *desk) warm() error {
	err := d.j.Put(parcelOf(1))
	l, e := d.j.Lease()
	err = errors.Join(err, e, l.Nack())
	for range 2 * shelf {
		_, e := d.j.Get()
		err = errors.Join(err, e, d.j.TaskDone(), d.j.Join(context.Background()), d.j.Put(parcelOf(1)))
	}
	_, e = d.j.Get()
	return errors.Join(err, e, d.j.TaskDone())
}

func (d *desk) tasks() map[string]func() error {
	return map[string]func() error{
		"put a job": func() error { return d.j.TryPut(parcelOf(fromResident)) },
		"take a job": func() error {
			if err := d.j.TryPut(parcelOf(fromResident)); err != nil {
				return err
			}
			d.owes++
			_, err := d.j.TryGet()
			return err
		},
		"join": func() error {
			return d.wants(func() error { return d.j.Join(context.Background()) })
		},
	}
}

// give does what a task took, and all that is there if a task waits for that.
func (d *desk) give() error {
	for ; d.owes > 0; d.owes-- {
		if err := d.j.TaskDone(); err != nil {
			return err
		}
	}
	for !d.granted() {
		if _, err := d.j.TryGet(); err == nil {
			if err := d.j.TaskDone(); err != nil {
				return err
			}
		}
	}
	return nil
}

// look takes all there is, and then sees that it is whole.
func (d *desk) look() (string, error) {
	found, err := takeAll(d.j.TryLease, whoseParcel)
	if err != nil {
		return "", err
	}
	return strings.Join(found, ", "), d.whole()
}

// whole sees that all is done, that there is room for as much as ever, and that all is done
// after that. Then it is as it was at first, so that every victim goes the same way.
func (d *desk) whole() error {
	n := 0
	for err := d.joined(true); ; n++ {
		if err != nil {
			return err
		}
		if err = d.j.TryPut(parcelOf(fromVisitor)); errors.Is(err, ring.ErrFull) {
			break
		}
		if _, e := d.j.TryGet(); err == nil {
			err = errors.Join(e, d.joined(false))
		}
	}
	if n != shelf+inFlight {
		return fmt.Errorf("%d blocks are free, want %d", n, shelf+inFlight)
	}
	for range n {
		if err := d.j.TaskDone(); err != nil {
			return err
		}
	}
	for n := 0; n < shelf || d.j.Info().Puts%shelf != 0; n++ {
		if err := d.j.TryPut(parcelOf(fromVisitor)); err != nil {
			return err
		}
		if _, err := d.j.TryGet(); err != nil {
			return err
		}
		if err := d.j.TaskDone(); err != nil {
			return err
		}
	}
	return d.joined(true)
}

// joined fails unless Join says at once that all is done, or that it is not.
func (d *desk) joined(want bool) error {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := d.j.Join(ended); (err == nil) != want {
		return fmt.Errorf("Join: %v, %d unfinished", err, d.j.Unfinished())
	}
	return nil
}

// frozen: nobody waits for a frozen process but Join, if that has a job.
func (d *desk) frozen() (held bool, err error) {
	if d.wanting() || d.owes > 0 {
		return false, nil // something is under way that the frozen one is part of
	}
	held = d.j.Unfinished() > d.j.Len()
	p, err := d.j.TryGet()
	if errors.Is(err, ring.ErrEmpty) {
		if err = d.j.TryPut(parcelOf(fromFrozen)); err == nil {
			_, err = d.j.TryGet()
		}
		return held, errors.Join(err, d.j.TaskDone())
	}
	return held, errors.Join(err, d.j.TryPut(p), d.j.TaskDone())
}

// joins is an operation on the Joinable.
func joins(f func(v *victim, j *ring.Joinable[parcel]) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["joinable"].(*desk).j) })
}

// hired is an operation of one who has a job.
func hired(f func(v *victim, j *ring.Joinable[parcel]) func() error) func(*victim) func() {
	return joins(func(v *victim, j *ring.Joinable[parcel]) func() error {
		_, err := j.Get()
		v.Must(err)
		return f(v, j)
	})
}

func joinWanted(s *scene) bool { return s.guests["joinable"].(*desk).j.Info().Joining }

var joinableShows = []string{"joinable"}

var joinableOperations = []operation{
	{name: "joinable.TryGet", shows: joinableShows, stage: residentDoes("put a job"),
		prepare: joins(func(_ *victim, j *ring.Joinable[parcel]) func() error {
			return func() error { _, err := j.TryGet(); return err }
		})},
	{name: "joinable.Get of what the dead had", shows: joinableShows, meanwhile: corpseDoes("take a job"),
		prepare: joins(func(v *victim, j *ring.Joinable[parcel]) func() error {
			v.wait()
			return func() error { _, err := j.Get(); return err }
		})},
	{name: "joinable.TaskDone", brief: true, shows: joinableShows, stage: residentDoes("put a job"),
		prepare: hired(func(_ *victim, j *ring.Joinable[parcel]) func() error { return j.TaskDone })},
	{name: "joinable.TaskDone that ends a Join", shows: joinableShows, stage: residentDoes("put a job"),
		meanwhile: residentAwaits("join", joinWanted),
		prepare:   hired(func(v *victim, j *ring.Joinable[parcel]) func() error { v.wait(); return j.TaskDone })},
	{name: "joinable.Join", shows: joinableShows,
		prepare: joins(func(_ *victim, j *ring.Joinable[parcel]) func() error {
			return func() error { return j.Join(context.Background()) }
		})},
	{name: "joinable.Join that waits", shows: joinableShows, stage: residentDoes("take a job"), rouse: residentGives,
		prepare: joins(func(_ *victim, j *ring.Joinable[parcel]) func() error {
			return func() error { return j.Join(context.Background()) }
		})},
	{name: "joinable.Join that is cancelled", shows: joinableShows, stage: residentDoes("take a job"), rouse: cancels,
		prepare: joins(func(v *victim, j *ring.Joinable[parcel]) func() error {
			return givesUp(func(ctx context.Context) error { return j.Join(ctx) }, v.context())
		})},
	{name: "joinable.Detach with a job", shows: joinableShows, stage: residentDoes("put a job"),
		prepare: hired(func(_ *victim, j *ring.Joinable[parcel]) func() error { return j.Detach })},
}
