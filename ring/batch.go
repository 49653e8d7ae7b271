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
	for {
		c := q.core.Load()
		if c == nil {
			return n, ErrDetached
		}
		m, err := q.putSome(c, list[n:])
		n += m
		if err != ErrFull {
			return n, err
		}
		if err := c.await(ctx, &q.core, wantRoom|wantBlock); err != nil {
			return n, err
		}
	}
}

// TryPutN is PutN that does not wait: [ErrFull] if there is not room for all.
func (q *Queue[T]) TryPutN(list []T) (n int, err error) {
	c := q.core.Load()
	if c == nil {
		return 0, ErrDetached
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
	t := atomic.LoadUint64(&c.puts.next)
	pos, turn := c.place(t)
	for n < len(list) && t < atomic.LoadUint64(&c.puts.limit) {
		cell := c.cell(pos)
		w := atomic.LoadUint64(&cell.Slot) // sync: message published
		if w != layout.SlotWord(layout.SlotFull, turn-1, pos) || atomic.LoadUint64(&cell.Block) != word.QueueFree ||
			atomic.LoadUint32(&c.head.Closing) != 0 {
			break
		}
		// This passes the block to us; see reserve. sync: message taken
		if !atomic.CompareAndSwapUint64(&cell.Block, word.QueueFree, layout.CellWord(layout.CellQueued, c.self, 0, t)) {
			break
		}
		*payload[T](&c.memory, pos) = *asWhole(&list[n])
		if race.Enabled {
			c.raceRelease()
		}
		// This passes the block to the consumers. sync: message published
		if !atomic.CompareAndSwapUint64(&cell.Slot, w, layout.SlotWord(layout.SlotFull, turn, pos)) {
			if err = c.publish(t, w, seat{pos, pos}); err != nil {
				return n, err
			}
			return n + 1, nil
		}
		n, t = n+1, t+1
		if pos++; pos == uint32(c.slots) {
			pos, turn = 0, turn+1
		}
		c.wake(&c.head.Items)
	}
	if n > 0 {
		release(&c.puts.next, t)
		if t/stride != (t-uint64(n))/stride {
			release(&c.head.Tail, t) // sync: tail
		}
	}
	runtime.KeepAlive(q)
	return n, nil
}

// GetN takes the oldest messages into list: as many as there are, up to its length. It
// waits for the first one as long as it takes, and returns how many it has taken, 0 only
// with an error or if list is empty. Errors: as [Queue.Get].
func (q *Queue[T]) GetN(list []T) (n int, err error) {
	return q.GetNContext(context.Background(), list)
}

// GetNContext is GetN that gives up when ctx ends; see GetContext.
func (q *Queue[T]) GetNContext(ctx context.Context, list []T) (n int, err error) {
	for {
		c := q.core.Load()
		if c == nil {
			return 0, ErrDetached
		}
		if n, err = q.takeSome(c, list); err != ErrEmpty {
			return n, err
		}
		if err = c.await(ctx, &q.core, wantItem); err != nil {
			return 0, err
		}
	}
}

// TryGetN is GetN that does not wait: [ErrEmpty] if there is no message.
func (q *Queue[T]) TryGetN(list []T) (n int, err error) {
	c := q.core.Load()
	if c == nil {
		return 0, ErrDetached
	}
	return q.takeSome(c, list)
}

func (q *Queue[T]) takeSome(c *core, list []T) (n int, err error) {
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
// is: nothing came back, and the slot that is next has a message.
func (q *Queue[T]) takeRun(c *core, list []T) (n int) {
	t := atomic.LoadUint64(&c.gets.next)
	pos, turn := c.place(t)
	for n < len(list) && t < atomic.LoadUint64(&c.gets.limit) && atomic.LoadUint64(&c.head.Returns)&word.QueuePending == 0 {
		w := atomic.LoadUint64(&c.cell(pos).Slot) // sync: message published
		b := layout.SlotBlock(w)
		if word.SeatOf(w, turn) != word.SeatTaken || b >= c.blocks {
			break
		}
		block := &c.cell(b).Block
		bw := atomic.LoadUint64(block) // sync: message taken
		if !word.QueueThere(bw, t) {
			break
		}
		// This passes the message to us; see hold. sync: message taken
		if !atomic.CompareAndSwapUint64(block, bw, word.QueueTake(bw, c.self)) {
			break
		}
		own[T](&c.memory, b)
		*asWhole(&list[n]) = *payload[T](&c.memory, b)
		c.drop(b)
		n, t = n+1, t+1
		if pos++; pos == uint32(c.slots) {
			pos, turn = 0, turn+1
		}
		c.wake(&c.head.Space)
	}
	if n > 0 {
		release(&c.gets.next, t)
		if t/stride != (t-uint64(n))/stride {
			release(&c.head.Head, t) // sync: head
		}
		if race.Enabled {
			c.raceAcquire()
		}
	}
	runtime.KeepAlive(q)
	return n
}
