package manager

import (
	"context"
	"sync/atomic"

	shsync "shmkit/sync"
)

// A latch tells clients on the same machine that their server is gone, as soon as the kernel
// knows: it is a lock that the server holds as long as it serves. Who gets it knows.
type latch struct {
	lock   *shsync.Mutex
	handle []byte
}

func newLatch() (*latch, error) {
	m, err := shsync.NewMutex()
	if err != nil {
		return nil, err
	}
	handle, err := m.MarshalBinary()
	if err == nil {
		err = m.Lock()
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return &latch{m, handle}, nil
}

// open says that the server is gone. It may be called again.
func (l *latch) open() {
	if l != nil && l.lock.Unlock() == nil {
		l.lock.Close()
	}
}

// A vigil watches the latch of a server.
type vigil struct {
	gone atomic.Bool // the memory of the server is not to be used any more
	stop context.CancelFunc
}

// watch begins to watch the latch whose handle this is. It takes a goroutine that sleeps.
func watch(handle []byte) (*vigil, error) {
	m := &shsync.Mutex{}
	if err := m.UnmarshalBinary(handle); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	v := &vigil{stop: stop}
	go func() {
		// However it ends: to get the lock, or that it is damaged, means the same. Whoever gets it
		// keeps nothing: the next to watch is told the same.
		if ok := m.LockContext(ctx); ctx.Err() == nil || ok == nil {
			m.MarkConsistent()
			m.Unlock()
		}
		v.gone.Store(true)
		m.Close()
	}()
	return v, nil
}

// end says that this client uses the memory no more.
func (v *vigil) end() {
	if v != nil {
		v.gone.Store(true)
		v.stop()
	}
}
