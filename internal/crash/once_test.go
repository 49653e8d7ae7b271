//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"

	"shmkit/internal/layout"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() { guests["once"] = func() guest { return new(debut) } }

// debut is a Once as one process has it open.
type debut struct {
	o   *shsync.Once
	raw *shm.Object
	end chan bool // ends the run of a task; nil: none runs
	wish
}

var onceSpec = shm.Spec{Kind: shm.KindOnce, Mutex: true}

func (d *debut) create(seg *shm.Segment) (err error) {
	if d.o, err = shsync.NewOnceIn(seg, "once"); err == nil {
		d.raw, err = seg.OpenObject("once", onceSpec)
	}
	return err
}

func (d *debut) open(seg *shm.Segment) (err error) {
	if d.o, err = shsync.OpenOnce(seg, "once"); err == nil {
		d.raw, err = seg.OpenObject("once", onceSpec)
	}
	return err
}

func (d *debut) close() error { return errors.Join(d.o.Close(), d.raw.Close()) }

// again makes it not done.
func (d *debut) again() { shm.Head[layout.Once](d.raw, layout.OnceOff).Done = 0 }

func nothing() error { return nil }

func (d *debut) warm() error {
	err := d.o.Do(nothing)
	d.again()
	return errors.Join(err, d.o.Do(nothing))
}

func (d *debut) tasks() map[string]func() error {
	return map[string]func() error{
		"run": func() error {
			d.end = make(chan bool)
			runs := make(chan bool)
			err := d.wants(func() error {
				return d.o.Do(func() error {
					close(runs)
					<-d.end
					return errors.New("left to the next")
				})
			})
			<-runs
			return err
		},
	}
}

func (d *debut) give() error {
	if d.end == nil {
		return nil
	}
	close(d.end)
	d.end = nil
	d.got() // the error that it was left with
	return nil
}

func (d *debut) got() error { return nil }

// look: it is done or not, and who asks runs it exactly if it is not.
func (d *debut) look() (string, error) {
	done, ran := d.o.Done(), false
	err := d.o.Do(func() error { ran = true; return nil })
	if err == nil && (done == ran || !d.o.Done()) {
		err = errors.New("done and run, or neither")
	}
	// What is done is not run, and so its lock not repaired: run it, for the next victim.
	d.again()
	err = errors.Join(err, d.o.Do(nothing))
	d.again()
	return map[bool]string{true: "done", false: "not done"}[done], err
}

func (d *debut) frozen() (held bool, err error) {
	if d.end != nil {
		return false, nil // a run of our own
	}
	left := errors.New("left to the next")
	done, err := d.o.TryDo(func() error { return left })
	if err == left {
		err = nil
	}
	return !done && err == nil && d.o.Info().State == "held", err
}

// debuts is an operation on the Once.
func debuts(f func(v *victim, o *shsync.Once) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["once"].(*debut).o) })
}

var onceShows = []string{"once"}

func onceDo(_ *victim, o *shsync.Once) func() error {
	return func() error { return o.Do(nothing) }
}

var onceOperations = []operation{
	{name: "once.Do", shows: onceShows, prepare: debuts(onceDo)},
	{name: "once.Do that waits", shows: onceShows, stage: asked("run"), rouse: residentGives, prepare: debuts(onceDo)},
	{name: "once.Do after a run that died", shows: onceShows, meanwhile: corpseDoes("run"),
		prepare: debuts(func(v *victim, o *shsync.Once) func() error { v.wait(); return onceDo(v, o) })},
	{name: "once.Do of a function that fails", shows: onceShows,
		prepare: debuts(func(_ *victim, o *shsync.Once) func() error {
			return func() error {
				failure := errors.New("failed")
				if err := o.Do(func() error { return failure }); err != failure {
					return err
				}
				return nil
			}
		})},
}
