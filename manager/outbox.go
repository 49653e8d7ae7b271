package manager

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"shmkit/internal/wire"
)

const (
	// full is how many bytes may wait in an outbox before its owner reads no more requests.
	full = 1 << 20
	// batchMost is the length of a batch, unless a single frame is longer: one that goes over
	// rings in one piece, and that does not hold up others for long.
	batchMost = 32 << 10
	// turnMost is how many batches who flushes sends before a goroutine goes on, so that
	// those who add without end do not keep the one from what it came for.
	turnMost = 8
)

// An outbox is the frames that a connection is still to send. Anybody adds; who flushes sends
// what is there, for the others too, without waiting for the other end. What that does not
// take a goroutine sends, which lives as long as something is left.
//
//	sending  waiting  who sends
//	no       none     nobody
//	no       some     the next to flush, whom everybody who adds calls or is
//	yes      any      who flushes, or the goroutine: it looks again before it stops
//
// err ends it: what waits is dropped, and what is added; a batch in hand goes on or fails. A
// last word takes the place of what waits, and goes out as the rest would have.
type outbox struct {
	t       transport
	settled func(index uint64, batch []byte) []byte // waits until the log has that record, and gives what may be sent; nil without log
	failed  func(err error)                         // is told once, in a goroutine of its own, that nothing can be sent any more

	mu      sync.Mutex
	changed chan struct{} // closed when something was sent, or err; nil if nobody waits
	done    [][]byte      // batches that are full
	open    []byte        // the batch that frames are added to
	spare   []byte
	bytes   int    // in done, open and in hand
	total   uint64 // bytes that were ever added
	index   uint64 // the log must have this record before what waits may go
	sending bool
	err     error

	most  int           // of bytes; 0: any number
	stall time.Duration // how long more than full bytes may wait while nothing is sent; 0: for ever
	timer *time.Timer   // of stall, or nil
}

// Reasons to cut a client off.
var (
	errStalled = errors.New("manager: the client does not read")
	errTooFar  = errors.New("manager: the client does not read, and more waits for it than may")
)

func newOutbox(t transport, settled func(uint64, []byte) []byte, failed func(error)) *outbox {
	return &outbox{t: t, settled: settled, failed: failed}
}

// add appends a frame, which goes with the next flush, but not before the log has that record.
func (o *outbox) add(f *wire.Frame, index uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.addLocked(f, index)
	}
}

// addFrame is add of a frame that is one already, without a record.
func (o *outbox) addFrame(b []byte) {
	if f, _, err := wire.Cut(b, wire.MaxFrame); err == nil { // it is our own
		o.add(&f, 0)
	}
}

func (o *outbox) addLocked(f *wire.Frame, index uint64) {
	n := f.Len()
	if o.most > 0 && o.bytes+n > o.most {
		o.failLocked(fmt.Errorf("%w: %d bytes, at most %d", errTooFar, o.bytes+n, o.most))
		return
	}
	if len(o.open) > 0 && len(o.open)+n > batchMost {
		o.done = append(o.done, o.open)
		o.open, o.spare = o.spare[:0], nil
	}
	o.open = wire.Append(o.open, f)
	o.index = max(o.index, index)
	o.total += uint64(n)
	if o.bytes += n; o.bytes > full && o.timer == nil {
		o.watchLocked()
	}
}

// watchLocked begins to wait for the next batch to be sent, if too much waits.
func (o *outbox) watchLocked() {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
	if o.bytes <= full || o.stall == 0 || o.err != nil {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(o.stall, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.timer == t { // else something was sent meanwhile
			o.failLocked(fmt.Errorf("%w: %d bytes wait for it, and for %v it has taken nothing", errStalled, o.bytes, o.stall))
		}
	})
	o.timer = t
}

// flush sends what is there, unless somebody else does. It waits for the log and not for the
// other end.
func (o *outbox) flush() {
	o.mu.Lock()
	if o.sending {
		o.mu.Unlock()
		return
	}
	for i := 0; ; i++ {
		batch, ok := o.next()
		if !ok {
			return
		}
		sent, err := false, error(nil)
		if i < turnMost {
			sent, err = o.t.trySend(batch)
		}
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

// next takes the first batch, once the log has it; or ends the sending. It unlocks mu.
func (o *outbox) next() (batch []byte, ok bool) {
	batch, index, over := o.takeLocked(), o.index, o.err != nil
	if o.sending = batch != nil; !o.sending {
		o.tellLocked()
	}
	o.mu.Unlock()
	if batch == nil || o.settled == nil || over {
		return batch, batch != nil
	}
	n := len(batch)
	batch = o.settled(index, batch)
	if d := len(batch) - n; d != 0 {
		o.mu.Lock()
		o.bytes += d
		o.total += uint64(d)
		o.mu.Unlock()
	}
	return batch, true
}

// takeLocked takes the first batch, or nil.
func (o *outbox) takeLocked() (batch []byte) {
	switch {
	case len(o.done) > 0:
		batch = o.done[0]
		o.done[0] = nil
		o.done = o.done[1:]
	case len(o.open) > 0:
		batch = o.open
		o.done = nil
		o.open, o.spare = o.spare[:0], nil
	}
	return batch
}

// sent notes that a batch is on its way, or why not. mu is locked.
func (o *outbox) sent(batch []byte, err error) {
	o.bytes -= len(batch)
	if cap(batch) <= 2*batchMost {
		o.spare = batch
	}
	if err != nil {
		o.failLocked(err)
	}
	o.watchLocked()
	o.tellLocked()
}

// failLocked ends the outbox.
func (o *outbox) failLocked(err error) {
	if o.err != nil {
		return
	}
	o.err = err
	o.dropLocked()
	o.tellLocked()
	go o.failed(err)
}

// dropLocked drops what waits.
func (o *outbox) dropLocked() {
	for _, b := range o.done {
		o.bytes -= len(b)
	}
	o.bytes -= len(o.open)
	o.done, o.open = nil, nil
}

func (o *outbox) tellLocked() {
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
}

// crowded tells whether more waits than should.
func (o *outbox) crowded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes > full
}

// awaitRoom waits until few enough bytes wait, or nothing can be sent any more.
func (o *outbox) awaitRoom() {
	o.await(context.Background(), func() bool { return o.bytes <= full || o.err != nil })
}

// awaitEnd waits until nobody sends any more, because what was flushed before is sent, or
// cannot be; it is false if ctx has ended before.
func (o *outbox) awaitEnd(ctx context.Context) bool {
	return o.await(ctx, func() bool { return !o.sending })
}

// awaitSent waits until what was added before is sent, or cannot be, for so long at most.
func (o *outbox) awaitSent(patience time.Duration) {
	o.mu.Lock()
	mark, sent := o.total, o.bytes == 0
	o.mu.Unlock()
	if sent {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	o.await(ctx, func() bool { return o.total-uint64(o.bytes) >= mark || o.err != nil })
}

// await waits until good, which is called with mu locked; or until ctx ends, and is false then.
func (o *outbox) await(ctx context.Context, good func() bool) bool {
	for {
		o.mu.Lock()
		if good() {
			o.mu.Unlock()
			return true
		}
		if o.changed == nil {
			o.changed = make(chan struct{})
		}
		changed := o.changed
		o.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// last sends a frame in place of all that waits, and nothing after it.
func (o *outbox) last(f *wire.Frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dropLocked()
	o.open = wire.Append(nil, f)
	o.bytes += len(o.open)
	if o.err == nil {
		o.err = errLast
	}
	o.watchLocked()
}

// errLast is of an outbox in which the last frame is.
var errLast = errors.New("manager: the last word was said")
