package pipe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"

	"shmkit/internal/sys"
	"shmkit/ring"
)

// rings are a transport over a ring.Pair. Lane 0 goes from end 1 to end 0, lane 1 the other
// way, if there is one.
//
// The roles of an end are claimed when it is made or opened, both at once, so that the other
// end learns of this process's death. They are given up when the end is encoded, for whoever
// decodes it, and claimed again at the next use.
type rings struct {
	pair *ring.Pair
	end  int
	in   inbox
	out  atomic.Pointer[ring.Writer] // nil: the role is not ours; changed under mu
	most int                         // length of the longest message; in.most too

	// mu is held to claim the roles and to give them up. Whoever holds it waits for nobody
	// but for the end of a process that is dying.
	mu     sync.Mutex
	closed atomic.Bool // by this end
	shut   atomic.Bool // the writing half, by this end
}

// newRings is end of pair, without its roles. It owns one use of pair, which is another
// handle than that of the other end.
func newRings(pair *ring.Pair, end int) *rings {
	t := &rings{pair: pair, end: end}
	t.allow(math.MaxInt)
	return t
}

// allow sets the length of the longest message, before anybody uses t.
func (t *rings) allow(most int) { t.most, t.in.most = most, most }

func (t *rings) readable() bool { return t.end == 0 || t.pair.Lanes() == 2 }

func (t *rings) longest() int { return t.most }

func (t *rings) writable() bool { return t.end == 1 || t.pair.Lanes() == 2 }

// claim makes the roles of the end this process's, unless they are. Errors:
// *ring.RoleError if another process has one of them, which it then keeps.
func (t *rings) claim() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.claimLocked()
}

func (t *rings) claimLocked() error {
	if t.closed.Load() {
		return ErrClosed
	}
	w, r := t.out.Load(), t.in.ring.Load()
	var err error
	if t.writable() && w == nil {
		w, err = t.pair.Writer(1 - t.end)
	}
	if err == nil && t.readable() && r == nil {
		if r, err = t.pair.Reader(t.end); err != nil && w != nil && t.out.Load() == nil {
			w.Detach()
		}
	}
	if err != nil {
		return closedIf(err)
	}
	t.out.Store(w)
	t.in.ring.Store(r)
	return nil
}

// giveUp lets another process take the end. The caller has both turns.
func (t *rings) giveUp() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.in.partial() {
		return ErrBusy
	}
	t.detachLocked()
	return nil
}

func (t *rings) detachLocked() {
	if w := t.out.Swap(nil); w != nil {
		w.Detach()
	}
	if r := t.in.ring.Swap(nil); r != nil {
		t.in.forget()
		r.Detach()
	}
}

// writer is the producer end that this end sends with.
func (t *rings) writer() (*ring.Writer, error) {
	w := t.out.Load()
	if w == nil {
		if err := t.claim(); err != nil {
			return nil, err
		}
		w = t.out.Load()
	}
	return w, nil
}

func (t *rings) send(ctx context.Context, parts ...[]byte) error {
	w, err := t.writer()
	switch {
	case err != nil:
		return err
	case t.shut.Load():
		return ErrClosed
	case w.Abandoned():
		return ErrPeerGone
	}
	total := uint64(0)
	for _, p := range parts {
		total += uint64(len(p))
	}
	if err := tooLong(total, t.most); err != nil {
		return err
	}
	return t.judge(sendParts(ctx, w, t.pair.MaxRecord(), parts))
}

// judge tells what came of a send.
func (t *rings) judge(err error) error {
	switch {
	case t.shut.Load() || t.closed.Load():
		return ErrClosed // the other end may have seen that, and then not looked for the message
	case err == nil:
		return nil
	case errors.Is(err, ring.ErrClosed), errors.Is(err, ring.ErrPeerDied):
		return ErrPeerGone
	}
	return closedIf(err)
}

// trySend sends b if there is room for it as one record.
func (t *rings) trySend(b []byte) (sent bool, rest func(), err error) {
	w, err := t.writer()
	switch {
	case err != nil:
		return false, nil, err
	case t.shut.Load():
		return false, nil, ErrClosed
	case w.Abandoned():
		return false, nil, ErrPeerGone
	}
	if err := tooLong(uint64(len(b)), t.most); err != nil {
		return false, nil, err
	}
	if len(b) > t.pair.MaxRecord()-wordSize {
		return false, nil, nil
	}
	rec, err := w.TryClaim(wordSize + len(b))
	if err == ring.ErrFull {
		return false, nil, nil
	}
	if err = t.judge(err); err != nil {
		return false, nil, err
	}
	binary.LittleEndian.PutUint64(rec, uint64(len(b))|firstWord)
	copy(rec[wordSize:], b)
	err = t.judge(w.Commit(len(rec)))
	return err == nil, nil, err
}

func (t *rings) next(ctx context.Context) (int, error) {
	r := t.in.ring.Load()
	if r == nil {
		if err := t.claim(); err != nil {
			return 0, err
		}
		r = t.in.ring.Load()
	}
	size, err := t.in.next(ctx, r)
	switch {
	case err == nil:
	case t.closed.Load():
		return 0, ErrClosed
	case errors.Is(err, ring.ErrClosed), errors.Is(err, ring.ErrPeerDied):
		t.in.forget() // what was begun is never finished
		return 0, io.EOF
	}
	return size, closedIf(err)
}

func (t *rings) take(buf []byte) error { return closedIf(t.in.take(t.in.ring.Load(), buf)) }

func (t *rings) give() []byte { return t.in.give() }

// closedIf tells errors of handles that were detached as ours.
func closedIf(err error) error {
	if err != nil && errors.Is(err, ring.ErrDetached) {
		return ErrClosed
	}
	return err
}

// closeWrite ends the lane that this end sends on.
func (t *rings) closeWrite() error {
	t.mu.Lock() // who has it is not detached
	defer t.mu.Unlock()
	if err := t.claimLocked(); err != nil {
		return err
	}
	t.shut.Store(true)
	sys.Barrier() // see close
	return closedIf(t.out.Load().Close())
}

// close ends both lanes, so that nobody waits any more; release gives the rest back. Without
// the roles there is nothing to end: whoever decodes the end has it then.
func (t *rings) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed.Store(true)
	// A message is published by a store that is no barrier, and then send looks at closed. If
	// it does not see it, the message is there before the other end is told.
	sys.Barrier()
	// First what the other end sends: when it sees io.EOF it can send no more.
	if r := t.in.ring.Load(); r != nil {
		r.Close()
	}
	if w := t.out.Load(); w != nil {
		w.Close()
	}
	return nil
}

// release ends this process's use of the end.
func (t *rings) release() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed.Store(true)
	t.detachLocked()
	return t.pair.Detach()
}

// rouse makes calls that wait look at their contexts again.
func (t *rings) rouse() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.in.ring.Load(); r != nil {
		r.Rouse()
	}
	if w := t.out.Load(); w != nil {
		w.Rouse()
	}
}

func (t *rings) local() string { return t.name(t.end) }

func (t *rings) remote() string { return t.name(1 - t.end) }

func (t *rings) name(end int) string {
	index, generation := t.pair.Place()
	return fmt.Sprintf("shm:%d.%d/%d", index, generation, end)
}

// String is the state of both directions.
func (t *rings) String() string { return t.pair.String() }
