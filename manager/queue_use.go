package manager

import (
	"fmt"
	"sync"

	"shmkit/internal/wire"
	"shmkit/ring"
)

// errDetached is what calls of a queue give whose handle was detached, now or before.
var errDetached = fmt.Errorf("%w: the handle was detached: %w", ErrClosed, ring.ErrDetached)

// A queueUse is what a handle of a queue has beyond its reference, which has it.
type queueUse struct {
	c      *Client
	object uint64
	kind   wire.Type
	epoch  uint64 // of the reference
	// Take back what Get and GetN give, if nobody waits for it any more.
	undoGet, undoGetN undo
	detached          bool // guarded by the client's mu: it has no calls any more

	mu   sync.Mutex
	list []leases // messages that were taken through a JoinableQueue and are not done, oldest first
	over bool
}

func newQueueUse(c *Client, object uint64, kind wire.Type, epoch uint64) *queueUse {
	u := &queueUse{c: c, object: object, kind: kind, epoch: epoch}
	u.undoGet = func(answer wire.Reader) (wire.Frame, bool) {
		l := leases{answer.Uint(), 1}
		return u.nack(l), answer.Err() == nil
	}
	u.undoGetN = func(answer wire.Reader) (wire.Frame, bool) {
		l := leases{answer.Uint(), answer.Uint()}
		return u.nack(l), answer.Err() == nil
	}
	return u
}

// nack is a request that gives messages back.
func (u *queueUse) nack(l leases) wire.Frame {
	return wire.Frame{Method: wire.QueueNack.Of(u.kind), Session: u.epoch, Object: u.object, Body: l.append(nil)}
}

// add adds messages to the list, unless the handle is detached.
func (u *queueUse) add(l leases) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.over {
		u.list = append(u.list, l)
	}
	return !u.over
}

// oldest takes the oldest message off the list.
func (u *queueUse) oldest() (lease uint64, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.list) == 0 {
		return 0, false
	}
	l := &u.list[0]
	lease = l.first
	l.first++
	if l.n--; l.n == 0 {
		u.list = u.list[1:]
	}
	return lease, true
}

// end ends the calls of the handle, and gives back what is on the list; nothing is added any
// more.
func (u *queueUse) end() {
	u.c.detach(u)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.over = true
	for _, l := range u.list {
		u.c.tell(u.nack(l))
	}
	u.list = nil
}
