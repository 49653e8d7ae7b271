package shm

import (
	"sync"
	"sync/atomic"

	"shmkit/internal/layout"
)

// core is this process's one attachment to one segment, shared by every Segment
// and Object handle of it. It owns the descriptor, the mapping and slot.
type core struct {
	*view
	slot uint32
	self uint32 // owner id: what every owner field of ours holds
	part *layout.Participant

	// refs counts what needs the attachment: Segment and Object handles, and
	// operations in flight. Whoever takes it to 0 detaches; it never rises from 0.
	refs atomic.Int64

	// mu guards open, and is held while holds on objects are taken and given up, so
	// that they change as one with the Holders bits.
	mu   sync.Mutex
	open map[uint32]*Object // by object index

	// linkMu guards unlinked.
	linkMu   sync.Mutex
	unlinked bool // anonymous and without a file name yet

	// sweepMu keeps goroutines of this process from sweeping one slot at once.
	sweepMu sync.Mutex
	retired bool // under sweepMu: see bury

	hint    atomic.Uint32 // index after the last object claimed
	exposed atomic.Bool   // some handle has had an address in the mapping
	pinned  atomic.Bool   // a raw view was handed out: never unmap
}

// registry holds the cores of this process. A process attaches once to a
// segment, however often it opens it.
var registry = struct {
	// mu is held for short, never during a system call: one segment whose lock a
	// stopped process has must not keep this process from the others.
	mu    sync.Mutex
	cores map[ID]*core

	// opening has a channel for each segment that a goroutine is attaching to, which
	// is closed when that has come to an end.
	opening map[ID]chan struct{}
}{cores: map[ID]*core{}, opening: map[ID]chan struct{}{}}

// enter takes a reference. It fails with ErrClosed once the core is detached or
// about to be.
func (c *core) enter() error {
	for {
		n := c.refs.Load()
		if n == 0 {
			return ErrClosed
		}
		if c.refs.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

// leave gives a reference up. The last one detaches: no operation is in flight
// then, and none can begin.
func (c *core) leave() error {
	if c.refs.Add(-1) > 0 {
		return nil
	}
	registry.mu.Lock()
	if registry.cores[c.id] == c {
		delete(registry.cores, c.id)
	}
	registry.mu.Unlock()
	c.retire()
	err := c.detach()
	c.unmapLater()
	return err
}
