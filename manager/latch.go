package manager

import (
	"errors"
	"sync/atomic"

	shsync "shmkit/sync"
)

// A latch tells processes on the same machine that a server is gone, as soon as the kernel
// knows: it is a lock that the server holds as long as it serves. Who gets it knows.
type latch struct {
	lock *shsync.Mutex
}

// newLatch makes the latch of this server.
func newLatch() (*latch, error) {
	m, err := shsync.NewMutex()
	if err != nil {
		return nil, err
	}
	if err := m.Lock(); err != nil {
		m.Close()
		return nil, err
	}
	return &latch{m}, nil
}

// release says that the server is gone.
func (l *latch) release() {
	l.lock.Unlock()
	l.lock.Close()
}

// A vigil watches the latch of a server.
type vigil struct {
	gone atomic.Bool
	lock shsync.Mutex
}

// watch begins to watch the latch whose handle this is, and calls told when the server is
// gone. It needs no thread while it waits.
func watch(handle []byte, told func()) (*vigil, error) {
	v := &vigil{}
	if err := v.lock.UnmarshalBinary(handle); err != nil {
		return nil, err
	}
	go func() {
		switch err := v.lock.Lock(); {
		case errors.Is(err, shsync.ErrClosed): // by stop
			return
		case errors.Is(err, shsync.ErrOwnerDied):
			v.lock.MarkConsistent()
			v.lock.Unlock()
		case err == nil:
			v.lock.Unlock()
		}
		v.gone.Store(true)
		told()
	}()
	return v, nil
}

// stop ends the watch.
func (v *vigil) stop() { v.lock.Close() }
