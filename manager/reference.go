package manager

import (
	"context"
	"runtime"
	"sync/atomic"

	"shmkit/internal/wire"
)

// A reference is one of those that a session has to an object, which stays at least as long.
// It is given back by close, or when nothing refers to it any more.
type reference struct {
	c      *Client
	id     uint64
	kind   wire.Type
	closed atomic.Bool
	clean  runtime.Cleanup
	shared atomic.Pointer[shared] // what is known of its memory
	queue  *queueUse              // of a queue
	epoch  uint64                 // of the session; see Client
}

// lent is what giving back a reference needs: not the reference.
type lent struct {
	c     *Client
	id    uint64
	queue *queueUse
	epoch uint64
}

// refer makes a reference of one that the session has been given by the server.
func refer(c *Client, id uint64, kind wire.Type) *reference {
	r := &reference{c: c, id: id, kind: kind, epoch: c.epoch.Load()}
	if kind == wire.TypeQueue || kind == wire.TypeJoinable {
		r.queue = newQueueUse(c, id, kind, r.epoch)
	}
	r.clean = runtime.AddCleanup(r, lent.back, lent{c, id, r.queue, r.epoch})
	return r
}

// close gives the reference back, once.
func (r *reference) close() {
	if r.closed.CompareAndSwap(false, true) {
		r.clean.Stop()
		if r.queue != nil {
			r.queue.end()
		}
		r.part()
	}
}

// part tells the server. If others may wait for what the client has of the object it waits until
// the server has heard of it, but not for a server that is silent.
func (r *reference) part() {
	f := wire.Frame{Method: wire.Part, Session: r.epoch, Body: wire.AppendUint(nil, r.id)}
	switch {
	case !r.c.usable(): // until Reconnect, which tells it
		r.c.tell(f)
	case r.kind == wire.TypeMutex, r.kind == wire.TypeRecursiveMutex, r.kind == wire.TypeBarrier:
		ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
		defer cancel()
		if k, _, err := r.c.call(ctx, f); err == nil {
			k.free()
		}
	default:
		r.c.tell(f)
	}
}

func (l lent) back() {
	if l.queue != nil {
		l.queue.end()
	}
	l.c.tell(wire.Frame{Method: wire.Release, Session: l.epoch, Body: wire.AppendUint(nil, l.id)})
}

// client is that of the session whose reference it is, nil of none.
func (r *reference) client() *Client {
	if r == nil {
		return nil
	}
	return r.c
}
