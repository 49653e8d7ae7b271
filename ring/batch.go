package ring

import (
	"context"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/race"
	"shmkit/internal/word"
)

// PutN puts the messages of list at the end, one after the other, and waits for room as
// long as it takes. Others may put theirs in between. It returns how many are in the
// queue, from the first on; an error only if that is not all of them. Errors: as
// [Queue.Put].
func (q *Queue[T]) PutN(list []T) (n int, err error) {
	return q.PutNContext(context.Background(), list)
}

// PutNContext is PutN that gives up when ctx ends; see PutContext.
func (q *Queue[T]) PutNContext(ctx context.Context, list []T) (n int, err error) {
	c := q.core.Load()
	if c == nil {
		return n, ErrDetached
	}
	if c.how != nil {
		return putAll(list, func(v T) error { return q.PutContext(ctx, v) })
	}
	n, err = q.putSome(c, list)
	if err == ErrFull {
		err = c.persist(ctx, &q.core, wantRoom|wantBlock, ErrFull, func() error {
			m, err := q.putSome(c, list[n:])
			n += m
			return err
		})
	}
	return n, err
}

// TryPutN is PutN that does not wait: [ErrFull] if there is not room for all.
func (q *Queue[T]) TryPutN(list []T) (n int, err error) {
	c := q.core.Load()
	if c == nil {
		return 0, ErrDetached
	}
	if c.how != nil {
		return putAll(list, q.TryPut)
	}
	return q.putSome(c, list)
}

func (q *Queue[T]) putSome(c *core, list []T) (n int, err error) {
	for n < len(list) {
		m, err := q.putRun(c, list[n:])
		if n += m; err != nil || n == len(list) {
			return n, err
		}
		// Something is not as it mostly is.
		if err := q.put(c, &list[n]); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// putRun is put for one message after the other as long as everything is as it mostly
// is: the message of the turn before was in the block beside the slot, and is gone.
func (q *Queue[T]) putRun(c *core, list []T) (n int, err error) {
	first := atomic.LoadUint64(&c.puts.next)
	pos, turn := c.place(first)
	t, head, mem := first, c.head, c.memory // locals stay in registers
	list = list[:c.run(&c.puts, first, pos, len(list))]
	for i := range list {
		if i%fetch == 0 {
			fetchAhead(mem, i, len(list), pos)
		}
		cell := mem.cell(pos)
		w := layout.SlotWord(layout.SlotFull, turn-1, pos)
		// This passes the block to us; see reserve. sync: message published, taken
		if atomic.LoadUint64(&cell.Slot) != w || !c.tryClaim(pos) {
			break
		}
		*payload[T](&mem, pos) = *asWhole(&list[i])
		if race.Enabled {
			c.raceRelease()
		}
		// This passes the block to the consumers; see tryPublish.
		if atomic.LoadUint64(&cell.Slot) == w && !c.closing() {
			release(&cell.Block, layout.CellWord(layout.CellQueued, c.self, 0, t)) // sync: message taken
			// sync: message published
			if atomic.CompareAndSwapUint64(&cell.Slot, w, layout.SlotWord(layout.SlotFull, turn, pos)) {
				t, pos = t+1, pos+1
				c.wake(&head.Items)
				continue
			}
		}
		c.advance(&c.puts, &head.Tail, first, t) // sync: tail
		if err = c.publish(t, w, seat{pos, pos}); err != nil {
			return i, err
		}
		return i + 1, nil
	}
	c.advance(&c.puts, &head.Tail, first, t) // sync: tail
	runtime.KeepAlive(q)
	return int(t - first), nil
}

// GetN takes the oldest messages into list: as many as there are, up to its length. It
// waits for the first one as long as it takes, and returns how many it has taken, 0 only
// with an error or if list is empty. Errors: as [Queue.Get].
func (q *Queue[T]) GetN(list []T) (n int, err error) {
	return q.GetNContext(context.Background(), list)
}

// GetNContext is GetN that gives up when ctx ends; see GetContext.
func (q *Queue[T]) GetNContext(ctx context.Context, list []T) (n int, err error) {
	c := q.core.Load()
	if c == nil {
		return 0, ErrDetached
	}
	if n, err = q.takeSome(c, list); err == ErrEmpty {
		err = c.persist(ctx, &q.core, wantItem, ErrEmpty, func() (err error) {
			n, err = q.takeSome(c, list)
			return err
		})
	}
	return n, err
}

// TryGetN is GetN that does not wait: [ErrEmpty] if there is no message.
func (q *Queue[T]) TryGetN(list []T) (n int, err error) {
	c := q.core.Load()
	if c == nil {
		return 0, ErrDetached
	}
	if n, err = q.takeSome(c, list); c.comeBack(err) {
		n, err = q.takeSome(c, list)
	}
	return n, err
}

func (q *Queue[T]) takeSome(c *core, list []T) (n int, err error) {
	if c.how != nil {
		return q.takeSomeEncoded(c, list)
	}
	for n < len(list) {
		if n += q.takeRun(c, list[n:]); n == len(list) {
			break
		}
		// Something is not as it mostly is.
		if err := q.take(c, &list[n]); err != nil {
			if n > 0 {
				err = nil // what was taken is taken; the next call meets the error again
			}
			return n, err
		}
		n++
	}
	return n, nil
}

// takeRun is take for one message after the other as long as everything is as it mostly
// is: nothing came back, and the message is in the block beside the slot.
func (q *Queue[T]) takeRun(c *core, list []T) (n int) {
	first := atomic.LoadUint64(&c.gets.next)
	pos, turn := c.place(first)
	t, head, mem := first, c.head, c.memory // locals stay in registers
	list = list[:c.run(&c.gets, first, pos, len(list))]
	for i := range list {
		if i%fetch == 0 {
			fetchAhead(mem, i, len(list), pos)
		}
		cell := mem.cell(pos)
		// sync: message published
		if atomic.LoadUint64(&cell.Slot) != layout.SlotWord(layout.SlotFull, turn, pos) ||
			atomic.LoadUint64(&head.Returns)&word.QueuePending != 0 {
			break
		}
		w := atomic.LoadUint64(&cell.Block) // sync: message taken
		// This passes the message to us; see hold. sync: message taken
		if !word.QueueThere(w, t) || !atomic.CompareAndSwapUint64(&cell.Block, w, word.QueueTake(w, c.self)) {
			break
		}
		*asWhole(&list[i]) = *payload[T](&mem, pos)
		adopt[T](&mem, pos)
		c.drop(&cell.Block)
		t, pos = t+1, pos+1
		c.wake(&head.Space)
	}
	c.advance(&c.gets, &head.Head, first, t) // sync: head
	if race.Enabled {
		c.raceAcquire()
	}
	runtime.KeepAlive(q)
	return int(t - first)
}
