package ring

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// PutInSteps is Put of v with calls in between: looked when it has found its place, and
// claimed when it has a block.
func (q *Queue[T]) PutInSteps(v T, looked, claimed func()) error {
	c := q.core.Load()
	t, w, s, err := c.room()
	if err != nil {
		return err
	}
	looked()
	if s.block, err = c.claim(s.pos); err != nil {
		return err
	}
	claimed()
	payload[T](&c.memory, s.block).v = v
	return c.publish(t, w, s)
}

// NackInSteps is Nack with calls in between: noted when it has announced that it gives the
// message back, and back when it has done so.
func (l *Lease[T]) NackInSteps(noted, back func()) error {
	c, block, held := l.c, l.block, l.held
	l.Value, l.c = nil, nil
	c.noteReturn()
	noted()
	if !atomic.CompareAndSwapUint64(&c.cell(block).Block, held, word.QueueReturn(held)) {
		return ErrNotHeld
	}
	back()
	c.noteReturn()
	return nil
}

// OnceDead makes w call f when it has found that the other end is dead, before it looks for
// room once more.
func (w *Writer) OnceDead(f func()) {
	w.ready = func() error { f(); return w.room() }
}

// Visit runs f in the place of a call that waits.
func (q *Queue[T]) Visit(f func()) error {
	c := q.core.Load()
	if err := c.enter(); err != nil {
		return err
	}
	f()
	return c.leave()
}

// BlocksWanted is what is left of n blocks in the want of one who needs them.
func BlocksWanted(n int) int { return int(blocks(n) >> wantBits) }

// Passes tells whether a load may be done before an earlier store of an index.
const Passes = passes

// Seldom is how many fences for nothing are too many.
const Seldom = seldom

// Often tells whether the other end is to fence for this one's sleeps, by this one's word.
func (e *tenure) Often() bool { return atomic.LoadUint32(e.ours)&layout.StreamOften != 0 }

// Starve is somebody who sleeps until a block is free; woken tells whether it was woken.
func (q *Queue[T]) Starve() (woken func() bool) {
	head := q.core.Load().head
	n := atomic.LoadUint32(&head.Freed)
	atomic.OrUint32(&head.Flags, layout.QueueStarved)
	return func() bool { return atomic.LoadUint32(&head.Freed) != n }
}

// Rests is how often an end of an SPSC that is close at each of n items rests, when each
// look finds the other end gain items further.
func Rests(n, gain uint64) (rests int) {
	var t tempo
	t.start(0, 1024)
	for i := range n {
		if at := uint64(0); t.close(i, 0) {
			t.rest(i, func() uint64 { at += gain; return at })
			rests++
		}
	}
	return rests
}

// LastWords is where a consumer writes that is done with n items from pos on.
func LastWords(size, pos, n uint64) (all []uint64) {
	for off, end := lastWords(size, pos, n); off < end; off += line {
		all = append(all, off)
	}
	return all
}

// QueueRests is Rests of an end of a queue.
func QueueRests(n, gain uint64) (rests int) {
	var e side
	e.start(1024)
	for i := range n {
		if at := uint64(0); i-e.since >= e.stream {
			e.rest(i, 0, func() uint64 { at += gain; return at })
			rests++
		}
	}
	return rests
}
