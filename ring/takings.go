package ring

import (
	"sync"

	"shmkit/shm"
)

// takings are the messages that were taken through one handle and are not done. They are
// Held in their blocks: the list only tells which is the oldest, and is lost with the
// process, which then gives them back.
type takings struct {
	c   *core
	obj *shm.Object // a use of its own: the list is let go after the handle is

	// mu is never held over a wait.
	mu   sync.Mutex
	list []taking // from the oldest on
	over bool
}

// taking is a message that is Held.
type taking struct {
	block uint32
	held  uint64
}

func takingsOf(c *core) *takings {
	c.obj.Retain()
	return &takings{c: c, obj: c.obj}
}

// add puts a message that was just taken on the list. If that is over, it goes back.
func (t *takings) add(block uint32, held uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		t.c.nack(block, held)
		return ErrDetached
	}
	t.list = append(t.list, taking{block, held})
	return nil
}

// done acknowledges the oldest.
func (t *takings) done() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.list) == 0 {
		return ErrTaskDone
	}
	first := t.list[0]
	t.list = t.list[1:]
	return t.c.ack(first.block, first.held)
}

// end gives all of them back, and lets the object go.
func (t *takings) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	for _, m := range t.list {
		t.c.nack(m.block, m.held)
	}
	t.list = nil
	t.obj.Close()
}
