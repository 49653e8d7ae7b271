package manager

import (
	"sync"

	"shmkit/internal/wire"
)

// full is how many bytes may wait in an outbox before its owner reads no more requests.
const full = 1 << 20

// An outbox is the frames that a connection is still to send. Anybody adds; who flushes sends
// what is there, for the others too, without waiting for the other end. What that does not
// take a goroutine sends, which lives as long as something is left.
//
//	sending  pending  who sends
//	no       none     nobody
//	no       some     the next to flush
//	yes      any      who flushes, or the goroutine: it looks again before it stops
type outbox struct {
	t       transport
	settled func(index uint64) error // waits until the log has that record; nil without log
	failed  func(err error)          // is told once that the connection is of no use any more

	mu      sync.Mutex
	changed sync.Cond // of mu: pending got less, or err
	pending []byte
	spare   []byte
	index   uint64 // the log must have this record before pending may go
	sending bool
	err     error
}

func newOutbox(t transport, settled func(uint64) error, failed func(error)) *outbox {
	o := &outbox{t: t, settled: settled, failed: failed}
	o.changed.L = &o.mu
	return o
}

// add appends a frame, which goes with the next flush, but not before the log has that record.
func (o *outbox) add(f *wire.Frame, index uint64) {
	o.mu.Lock()
	if o.err == nil {
		o.pending = wire.Append(o.pending, f)
		o.index = max(o.index, index)
	}
	o.mu.Unlock()
}

// flush sends what is there, unless somebody else does. It waits for the log and not for the
// other end.
func (o *outbox) flush() {
	o.mu.Lock()
	if o.sending || len(o.pending) == 0 {
		o.mu.Unlock()
		return
	}
	o.sending = true
	for {
		batch, ok := o.next()
		if !ok {
			return
		}
		sent, err := o.t.trySend(batch)
		if !sent && err == nil {
			go o.drain(batch)
			return
		}
		o.mu.Lock()
		o.sent(batch, err)
	}
}

// drain is flush that waits for the other end. batch is first.
func (o *outbox) drain(batch []byte) {
	for {
		err := o.t.send(batch)
		o.mu.Lock()
		o.sent(batch, err)
		var ok bool
		if batch, ok = o.next(); !ok {
			return
		}
	}
}

// next takes what is pending, once the log has it; or ends the sending. It unlocks mu.
func (o *outbox) next() (batch []byte, ok bool) {
	if o.err != nil || len(o.pending) == 0 {
		o.sending = false
		o.mu.Unlock()
		return nil, false
	}
	batch, index := o.pending, o.index
	o.pending, o.spare = o.spare[:0], nil
	o.mu.Unlock()
	if o.settled == nil {
		return batch, true
	}
	if err := o.settled(index); err != nil {
		o.mu.Lock()
		o.sent(batch, err)
		o.sending = false
		o.mu.Unlock()
		return nil, false
	}
	return batch, true
}

// sent notes that a batch is on its way, or why not. mu is locked.
func (o *outbox) sent(batch []byte, err error) {
	if err != nil && o.err == nil {
		o.err, o.pending = err, nil
		go o.failed(err)
	}
	if cap(batch) <= full {
		o.spare = batch
	}
	o.changed.Broadcast()
}

// await waits until no more than full bytes are pending.
func (o *outbox) await() {
	o.mu.Lock()
	for len(o.pending) > full && o.err == nil {
		o.changed.Wait()
	}
	o.mu.Unlock()
}
