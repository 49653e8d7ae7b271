//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() { guests["rwmutex"] = func() guest { return new(library) } }

// library is an RWMutex as one process has it open.
type library struct {
	rw   *shsync.RWMutex
	back func() error // ends what a task took
	wish
}

func (l *library) create(seg *shm.Segment) (err error) {
	l.rw, err = shsync.NewRWMutexIn(seg, "rwmutex")
	return err
}

func (l *library) open(seg *shm.Segment) (err error) {
	l.rw, err = shsync.OpenRWMutex(seg, "rwmutex")
	return err
}

func (l *library) close() error { return l.rw.Close() }

func (l *library) warm() error {
	return errors.Join(l.rw.RLock(), l.rw.RUnlock(), l.rw.Lock(), l.rw.Unlock())
}

func (l *library) write() (string, error) {
	err := l.rw.Lock()
	if errors.Is(err, shsync.ErrOwnerDied) {
		return "owner died", l.rw.MarkConsistent()
	}
	return "free", err
}

func (l *library) tasks() map[string]func() error {
	write := func() error { _, err := l.write(); return err }
	return map[string]func() error{
		"write":         func() error { l.back = l.rw.Unlock; return write() },
		"read":          func() error { l.back = l.rw.RUnlock; return l.rw.RLock() },
		"want to write": func() error { return l.wants(within(write, l.rw.Unlock)) },
		"want to read":  func() error { return l.wants(within(l.rw.RLock, l.rw.RUnlock)) },
	}
}

// within locks and unlocks.
func within(lock, unlock func() error) func() error {
	return func() error {
		if err := lock(); err != nil {
			return err
		}
		return unlock()
	}
}

func (l *library) give() error {
	back := l.back
	l.back = nil
	if back == nil {
		return nil
	}
	return back()
}

// got: a reader may have been told that the writer died.
func (l *library) got() error {
	return unless(l.wish.got(), shsync.ErrInconsistent)
}

// look reads and writes. Readers know of a death exactly if the next writer does.
func (l *library) look() (string, error) {
	err := l.rw.RLock()
	if err == nil {
		err = l.rw.RUnlock()
	}
	refused := errors.Is(err, shsync.ErrInconsistent)
	if err != nil && !refused {
		return "", err
	}
	found, err := l.write()
	if err == nil && refused != (found == "owner died") {
		err = fmt.Errorf("a reader was refused: %v, a writer found it %s", refused, found)
	}
	if all := l.rw.Readers(); err == nil && len(all) > 0 {
		err = fmt.Errorf("readers beside a writer: %+v", all)
	}
	return found, errors.Join(err, l.rw.Unlock(), l.rw.RLock(), l.rw.RUnlock())
}

func (l *library) frozen() (held bool, err error) {
	if l.wanting() || l.back != nil {
		return false, nil // something is under way that the frozen one is part of
	}
	ok, err := l.rw.TryLock()
	if errors.Is(err, shsync.ErrOwnerDied) {
		err = l.rw.MarkConsistent()
	}
	if ok {
		return false, errors.Join(err, l.rw.Unlock())
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.rw.LockContext(ended); !errors.Is(err, context.Canceled) {
		return true, fmt.Errorf("LockContext of a held lock: %v", err)
	}
	if l.rw.Info().State == "held" {
		if err := l.rw.RLockContext(ended); !errors.Is(err, context.Canceled) {
			return true, fmt.Errorf("RLockContext beside a writer: %v", err)
		}
		return true, nil
	}
	err = l.rw.RLock() // a reader is not in the way of readers
	if errors.Is(err, shsync.ErrInconsistent) {
		return true, nil
	}
	return true, errors.Join(err, l.rw.RUnlock())
}

// reads is an operation on the RWMutex.
func reads(f func(v *victim, rw *shsync.RWMutex) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["rwmutex"].(*library).rw) })
}

// asked tells the resident something.
func asked(what string) func(s *scene) {
	return func(s *scene) { s.ask(s.resident, what, "staging") }
}

// wanted has the resident want something that the victim has, until it waits.
func wanted(what string, waits func(rw *shsync.RWMutex) bool) func(s *scene) {
	return residentAwaits(what, func(s *scene) bool { return waits(s.guests["rwmutex"].(*library).rw) })
}

func readerWaits(rw *shsync.RWMutex) bool {
	all := rw.Readers()
	return len(all) > 0 && all[0].Waiting > 0
}

func writerWaits(rw *shsync.RWMutex) bool { return rw.Info().State == "held" }

func cancelled(f func(ctx context.Context) error, ctx context.Context) func() error {
	return func() error {
		if err := f(ctx); !errors.Is(err, context.Canceled) {
			return fmt.Errorf("cancelled: %w", err)
		}
		return nil
	}
}

func corpseDoes(what string) func(s *scene) { return func(s *scene) { s.corpse(what) } }

var rwShows = []string{"rwmutex"}

var rwmutexOperations = []operation{
	{name: "rwmutex.RLock", brief: true, shows: rwShows,
		prepare: reads(func(_ *victim, rw *shsync.RWMutex) func() error { return rw.RLock })},
	{name: "rwmutex.RUnlock", brief: true, shows: rwShows,
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error { v.Must(rw.RLock()); return rw.RUnlock })},
	{name: "rwmutex.Lock", brief: true, shows: rwShows,
		prepare: reads(func(_ *victim, rw *shsync.RWMutex) func() error { return rw.Lock })},
	{name: "rwmutex.Unlock", brief: true, shows: rwShows,
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error { v.Must(rw.Lock()); return rw.Unlock })},
	{name: "rwmutex.RLock that waits", shows: rwShows, stage: asked("write"), rouse: residentGives,
		prepare: reads(func(_ *victim, rw *shsync.RWMutex) func() error { return rw.RLock })},
	{name: "rwmutex.RLockContext that is cancelled", shows: rwShows, stage: asked("write"), rouse: cancels,
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error { return cancelled(rw.RLockContext, v.context()) })},
	{name: "rwmutex.Lock that waits for a reader", shows: rwShows, stage: asked("read"), rouse: residentGives,
		prepare: reads(func(_ *victim, rw *shsync.RWMutex) func() error { return rw.Lock })},
	{name: "rwmutex.LockContext that is cancelled", shows: rwShows, stage: asked("read"), rouse: cancels,
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error { return cancelled(rw.LockContext, v.context()) })},
	{name: "rwmutex.Unlock that lets a reader in", shows: rwShows, rouse: residentGot,
		meanwhile: wanted("want to read", readerWaits),
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error {
			v.Must(lost(rw.Lock()))
			v.wait()
			return rw.Unlock
		})},
	{name: "rwmutex.RUnlock that lets a writer in", shows: rwShows, rouse: residentGot,
		meanwhile: wanted("want to write", writerWaits),
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error {
			v.Must(rw.RLock())
			v.wait()
			return rw.RUnlock
		})},
	{name: "rwmutex.Lock that takes over", shows: rwShows, meanwhile: corpseDoes("write"),
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error {
			v.wait()
			return func() error { return lost(rw.Lock()) }
		})},
	{name: "rwmutex.Lock past a dead reader", shows: rwShows, meanwhile: corpseDoes("read"),
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error { v.wait(); return rw.Lock })},
	{name: "rwmutex.RLock that is refused", shows: rwShows, meanwhile: corpseDoes("write"),
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error {
			v.wait()
			return func() error {
				err := rw.RLock()
				if errors.Is(err, shsync.ErrInconsistent) {
					return nil
				}
				return err // nil if others have repaired while this one was frozen
			}
		})},
	{name: "rwmutex.TryLock past a dead reader", shows: rwShows, meanwhile: corpseDoes("read"),
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error {
			v.wait()
			return func() error { _, err := rw.TryLock(); return err }
		})},
	{name: "rwmutex.Close of a write lock", shows: rwShows,
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error { v.Must(rw.Lock()); return rw.Close })},
	{name: "rwmutex.Close of a read lock", shows: rwShows,
		prepare: reads(func(v *victim, rw *shsync.RWMutex) func() error { v.Must(rw.RLock()); return rw.Close })},
}
