//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"
	"maps"
	"slices"

	"shmkit/shm"
)

// guest is one more object of the cast, as one process has it open: one for each
// kind that has operations of its own.
type guest interface {
	create(seg *shm.Segment) error
	open(seg *shm.Segment) error
	close() error
	// warm does everything once.
	warm() error
	// tasks are what a resident or a corpse can be told to do with it.
	tasks() map[string]func() error
	// give gives back what a task took, got waits until what a task wants is there, and
	// gives it back. They do nothing if there is nothing.
	give() error
	got() error
	// look tells how a visitor found it, and makes it as good as new.
	look() (string, error)
	// frozen tells whether a frozen process has it, and that others are told so.
	frozen() (held bool, err error)
}

// guests makes one of each, by name. Each kind adds itself.
var guests = map[string]func() guest{}

// company are the guests of one cast.
type company map[string]guest

func (c company) each(f func(name string, g guest) error) error {
	var err error
	for _, name := range slices.Sorted(maps.Keys(c)) {
		err = errors.Join(err, f(name, c[name]))
	}
	return err
}

func invite() company {
	c := company{}
	for name, make := range guests {
		c[name] = make()
	}
	return c
}

// task is the task of that name of some guest, nil if there is none.
func (c company) task(name string) func() error {
	for _, g := range c {
		if f := g.tasks()[name]; f != nil {
			return f
		}
	}
	return nil
}

// answers are the tasks as a survivor's answers.
func (c company) answers(to map[string]func() (string, error)) map[string]func() (string, error) {
	for _, g := range c {
		for name, f := range g.tasks() {
			if to[name] != nil {
				panic("crash: two guests have a task " + name)
			}
			to[name] = func() (string, error) { return "", f() }
		}
	}
	return to
}
