package manager

import (
	"sync"

	"shmkit/internal/wire"
)

// A call is a request of a client, from when it is sent until its caller has read the answer.
type call struct {
	id     uint64
	frame  wire.Frame // as it was sent, to send it again
	wake   chan struct{}
	cancel bool // a Cancel was sent

	// Guarded by the client's mu until done; then the caller's.
	done bool
	kind wire.Kind
	body []byte
	err  error // there is no answer, and why
}

var calls = sync.Pool{New: func() any { return &call{wake: make(chan struct{}, 1)} }}

// free gives the memory back; the answer is not read any more.
func (c *call) free() {
	if cap(c.body) > 64<<10 {
		c.body = nil
	}
	select {
	case <-c.wake:
	default:
	}
	*c = call{wake: c.wake, body: c.body[:0]}
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
