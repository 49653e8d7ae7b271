//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"
	"fmt"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() { guests["recursive"] = func() guest { return &tower{h: shsync.NewHolder()} } }

// tower is a RecursiveMutex as one process has it open, with the holder of that process.
type tower struct {
	m *shsync.RecursiveMutex
	h shsync.Holder
	wish
}

func (w *tower) create(seg *shm.Segment) (err error) {
	w.m, err = shsync.NewRecursiveMutexIn(seg, "recursive")
	return err
}

func (w *tower) open(seg *shm.Segment) (err error) {
	w.m, err = shsync.OpenRecursiveMutex(seg, "recursive")
	return err
}

func (w *tower) close() error { return w.m.Close() }

func (w *tower) warm() error {
	return errors.Join(w.m.Lock(w.h), w.m.Lock(w.h), w.m.Unlock(w.h), w.m.Unlock(w.h))
}

// climb locks n times, and tells how it found the lock.
func (w *tower) climb(n int) (found string, err error) {
	found = "free"
	if err = w.m.Lock(w.h); errors.Is(err, shsync.ErrOwnerDied) {
		found, err = "owner died", w.m.MarkConsistent(w.h)
	}
	for range n - 1 {
		err = errors.Join(err, w.m.Lock(w.h))
	}
	return found, err
}

func (w *tower) leave() (err error) {
	for range w.m.Held(w.h) {
		err = errors.Join(err, w.m.Unlock(w.h))
	}
	return err
}

func (w *tower) tasks() map[string]func() error {
	return map[string]func() error{
		"lock twice": func() error { _, err := w.climb(2); return err },
		"want to lock twice": func() error {
			return w.wants(func() error {
				_, err := w.climb(2)
				return errors.Join(err, w.leave())
			})
		},
	}
}

func (w *tower) give() error {
	if w.wanting() {
		return nil
	}
	return w.leave()
}

// look: the levels of the dead are gone with them, whatever the next one is told.
func (w *tower) look() (string, error) {
	found, err := w.climb(1)
	if n := w.m.Held(w.h); err == nil && n != 1 {
		err = fmt.Errorf("held %d times after the first Lock", n)
	}
	return found, errors.Join(err, w.leave())
}

func (w *tower) frozen() (held bool, err error) {
	if w.wanting() {
		return false, nil // the frozen one is part of it
	}
	if info := w.m.Info(); info.State == "held" && info.Alive {
		ok, err := w.m.TryLock(shsync.NewHolder())
		if ok || err != nil {
			err = fmt.Errorf("TryLock of a held lock: %v %v", ok, err)
		}
		return true, err
	}
	_, err = w.climb(2)
	return false, errors.Join(err, w.leave())
}

// climbs is an operation on the RecursiveMutex, of one who has locked so often.
func climbs(times int, f func(v *victim, w *tower) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error {
		w := v.guests["recursive"].(*tower)
		if times > 0 {
			_, err := w.climb(times)
			v.Must(err)
		}
		return f(v, w)
	})
}

func recursiveLock(_ *victim, w *tower) func() error {
	return func() error { return lost(w.m.Lock(w.h)) }
}

func recursiveUnlock(_ *victim, w *tower) func() error {
	return func() error { return w.m.Unlock(w.h) }
}

var recursiveShows = []string{"recursive"}

var recursiveOperations = []operation{
	{name: "recursive.Lock", brief: true, shows: recursiveShows, prepare: climbs(0, recursiveLock)},
	{name: "recursive.Lock once more", brief: true, shows: recursiveShows, prepare: climbs(1, recursiveLock)},
	{name: "recursive.Unlock one of two", brief: true, shows: recursiveShows, prepare: climbs(2, recursiveUnlock)},
	{name: "recursive.Unlock the last", brief: true, shows: recursiveShows, prepare: climbs(1, recursiveUnlock)},
	{name: "recursive.Lock that waits", shows: recursiveShows, stage: asked("lock twice"), rouse: residentGives,
		prepare: climbs(0, recursiveLock)},
	{name: "recursive.Lock that takes over", shows: recursiveShows, meanwhile: corpseDoes("lock twice"),
		prepare: climbs(0, func(v *victim, w *tower) func() error { v.wait(); return recursiveLock(v, w) })},
	{name: "recursive.TryLock that takes over", shows: recursiveShows, meanwhile: corpseDoes("lock twice"),
		prepare: climbs(0, func(v *victim, w *tower) func() error {
			v.wait()
			return func() error { _, err := w.m.TryLock(w.h); return lost(err) }
		})},
	{name: "recursive.Unlock that wakes", shows: recursiveShows, rouse: residentGot,
		meanwhile: residentAwaits("want to lock twice", func(s *scene) bool {
			return s.guests["recursive"].(*tower).m.Info().Waiters
		}),
		prepare: climbs(1, func(v *victim, w *tower) func() error { v.wait(); return recursiveUnlock(v, w) })},
	{name: "recursive.Close of a held lock", shows: recursiveShows,
		prepare: climbs(2, func(_ *victim, w *tower) func() error { return w.m.Close })},
}
