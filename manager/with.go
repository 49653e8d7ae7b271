package manager

import (
	"context"
	"errors"

	shsync "shmkit/sync"
)

// robust is a lock that tells of the death of its holder.
type robust interface {
	LockContext(ctx context.Context) error
	Unlock() error
	MarkConsistent() error
	abandon() error // Unlock that lets the next one repair
}

// with runs f between Lock and Unlock.
func with(ctx context.Context, l robust, f func(died bool) error) (err error) {
	err = l.LockContext(ctx)
	died := errors.Is(err, shsync.ErrOwnerDied)
	if err != nil && !died {
		return err
	}
	repaired := false
	defer func() {
		var e error
		switch {
		case !died:
			e = l.Unlock()
		case !repaired:
			e = l.abandon()
		default:
			if e = l.MarkConsistent(); e == nil {
				e = l.Unlock()
			}
		}
		if err == nil {
			err = e
		}
	}()
	err = f(died)
	repaired = err == nil
	return err
}

// locker is a sync.Locker of the standard library.
type locker struct {
	robust
	onDied func()
}

func (l locker) Lock() {
	err := l.LockContext(inherit)
	if l.onDied != nil && errors.Is(err, shsync.ErrOwnerDied) {
		l.onDied()
		err = l.MarkConsistent()
	}
	if err != nil {
		panic(err)
	}
}

func (l locker) Unlock() {
	if err := l.robust.Unlock(); err != nil {
		panic(err)
	}
}
