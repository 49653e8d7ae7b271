package manager

import (
	"sync"

	"shmkit/internal/wire"
)

// A call is a request of a client, from when it is sent until its caller has read the answer.
//
//	state      in calls  whose
//	sent       yes       its caller's, who waits
//	given up   yes       the same: a Cancel was sent, and the server answers
//	kept       yes       the same: there is no connection, and who dials sends it again
//	unknown    yes       a goroutine's: the server did not answer that in time; see undo
//	done       no        whoever waits for it: reads the answer, and frees it
type call struct {
	id    uint64
	wake  chan struct{}
	undo  undo
	owner *queueUse // nil for all but queues

	request []byte // the frame, if it may have to be sent again

	// Guarded by the client's mu.
	cancel bool // a Cancel was sent, or is to be
	posted bool // it was sent, over some connection

	// Guarded by the client's mu until done; then the caller's.
	done bool
	kind wire.Kind
	body []byte
	err  error // there is no answer, and why
}

// An undo takes back what a call has brought about, if its caller is told that the outcome is
// not known, see ErrUnknown, and the server answers later that it was done: of the answer it
// makes the request that gives back what was given, which is sent without waiting for an
// answer (Unlock for Lock, giving back the message for Get); ok is false if there is nothing to
// give back. Without one nothing is done. It waits for nothing.
type undo func(answer wire.Reader) (f wire.Frame, ok bool)

var calls = sync.Pool{New: func() any { return &call{wake: make(chan struct{}, 1)} }}

// free gives the memory back; the answer is not read any more.
func (c *call) free() {
	if cap(c.body) > 64<<10 {
		c.body = nil
	}
	if cap(c.request) > 64<<10 {
		c.request = nil
	}
	select {
	case <-c.wake:
	default:
	}
	*c = call{wake: c.wake, body: c.body[:0], request: c.request[:0]}
	calls.Put(c)
}

// rouse makes the caller look.
func (c *call) rouse() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// answer is what the server said: the caller reads it before it frees the call.
func (c *call) answer() (wire.Reader, error) {
	switch {
	case c.err != nil:
		return wire.Reader{}, c.err
	case c.kind == wire.Failure:
		return wire.Reader{}, remote(c.body)
	}
	return wire.Read(c.body), nil
}
