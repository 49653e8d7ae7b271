package ring

import (
	"sync/atomic"

	"shmkit/internal/word"
)

// close says that nothing more is to be published, and seals the ring where it is. If
// that is full, whoever next comes to an open slot seals it there.
func (c *core) close() {
	atomic.StoreUint32(&c.head.Closing, 1) // sync: closing
	c.room()
	c.wakeAll()
}

// hasRoom tells whether a producer would find something to do.
func (c *core) hasRoom() bool {
	_, err := c.room()
	return err != ErrFull
}

// hasItems tells whether a consumer would find something to do.
func (c *core) hasItems() bool {
	if atomic.LoadUint64(&c.head.Returns)&word.QueuePending != 0 {
		return true
	}
	t := atomic.LoadUint64(&c.head.Head)
	pos, turn := c.place(t)
	return word.SeatOf(atomic.LoadUint64(&c.cell(pos).Slot), turn) != word.SeatOpen
}
