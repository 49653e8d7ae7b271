package manager

import (
	"sync"

	"shmkit/internal/wire"
)

// takings are the messages that were taken through a handle of a JoinableQueue and are not
// done, oldest first. The handle's reference has them.
type takings struct {
	mu   sync.Mutex
	list []leases
	over bool // the handle is detached
}

// add adds messages, unless the handle is detached.
func (t *takings) add(l leases) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.list = append(t.list, l)
	}
	return !t.over
}

// oldest takes the oldest message off the list.
func (t *takings) oldest() (lease uint64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.list) == 0 {
		return 0, false
	}
	l := &t.list[0]
	lease = l.first
	l.first++
	if l.n--; l.n == 0 {
		t.list = t.list[1:]
	}
	return lease, true
}

// end gives back what is on the list; nothing is added any more.
func (t *takings) end(c *Client, object uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	for _, l := range t.list {
		c.tell(wire.Frame{Method: wire.QueueNack.Of(wire.TypeJoinable), Object: object, Body: l.append(nil)})
	}
	t.list = nil
}
