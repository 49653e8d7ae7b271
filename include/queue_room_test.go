package include_test

import (
	"sync/atomic"
	"testing"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// TestTooLongForOne: who was woken for a message that is too long for it wakes another
// consumer, which may have the room.
func TestTooLongForOne(t *testing.T) {
	seg, q, path := bytesQueue(t, 4, 32)
	o, err := seg.OpenObject("bytes", shm.Spec{Kind: shm.KindQueue, Type: shm.MessageType("bytes", nil, 32)})
	need(t, err)
	t.Cleanup(func() { o.Close() })
	items := &shm.Head[layout.QueueHead](o, 0).Items
	p := openBytes(t, path)
	need(t, q.Put(bytesOf(9, 1)))
	atomic.OrUint32(items, layout.QueueOne) // somebody sleeps
	p.want(tooLong, "get", 8)
	if w := atomic.LoadUint32(items); w&layout.QueueSleepers != layout.QueueNobody {
		t.Errorf("nobody was woken: %#x", w)
	}
	p.says("9 1 0", "get")
}
