package manager

import (
	"context"
	"time"
)

// lookEvery is how often it is looked whether nobody calls.
const lookEvery = 50 * time.Millisecond

// A lookout is of a client whose end somebody wants to know, also while nobody calls. Callers
// receive themselves, which is faster; so its goroutine, which there is once Done was called,
// only does it when there were no calls for a while, and stops at the next one.
//
// All is guarded by the client's mu.
type lookout struct {
	done  chan struct{} // nil: nobody has asked
	leave func()        // makes the goroutine stop receiving; nil if it does not
}

// begin gives the channel that is closed at the end.
func (w *lookout) begin(c *Client) <-chan struct{} {
	if w.done != nil {
		return w.done
	}
	w.done = make(chan struct{})
	if c.err != nil {
		close(w.done)
	} else {
		go w.run(c)
	}
	return w.done
}

// dismiss makes the goroutine stop receiving.
func (w *lookout) dismiss() {
	if w.leave != nil {
		w.leave()
		w.leave = nil
	}
}

// over: the connection is of no use any more.
func (w *lookout) over() {
	if w.done == nil {
		return
	}
	select {
	case <-w.done:
	default:
		close(w.done)
	}
	w.dismiss()
}

// run receives while nobody calls, until the end.
func (w *lookout) run(c *Client) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for last := uint64(0); ; {
		select {
		case <-w.done:
			return
		case <-tick.C:
		}
		c.mu.Lock()
		conn := c.conn.Load()
		idle := c.next == last && !c.receiving && len(c.calls) == 0 && c.left == nil && c.err == nil && conn != nil
		last = c.next
		if !idle {
			c.mu.Unlock()
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		c.receiving, w.leave = true, cancel
		c.mu.Unlock()
		c.receive(ctx, new(call), conn)
		cancel()
	}
}
