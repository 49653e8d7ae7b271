package ring

import (
	"context"
	"runtime"
	"sync/atomic"

	"shmkit/internal/race"
)

// Consumer is the consumer end of an [SPSC], which this process has until it detaches or
// dies. It is used by one goroutine at a time and must not be copied. If the process dies
// inside a method, or between Peek and Release, the next consumer gets what this one was
// about to take. A Consumer that is forgotten counts as one whose process died.
type Consumer[T any] struct {
	tenure
	stream stream
	slots  []T
	mask   uint64
	head   uint64 // next to take
	limit  uint64 // head when the ring is empty, as far as we know; head while inHand
	seen   uint64 // tail, as far as we know
	tempo  tempo
}

// Get takes the oldest item, and waits for one as long as it takes. Errors, when nothing is
// left: [ErrClosed]; [ErrPeerDied] if the process of the producer died, until another one
// takes that end. [ErrInHand] between Peek and Release; *shm.CorruptError; [ErrDetached].
func (c *Consumer[T]) Get() (v T, err error) {
	if c.head == c.limit {
		if err := c.wait(context.Background()); err != nil {
			return v, err
		}
	}
	v = c.slots[c.head&c.mask]
	adoptItems(c.slots, c.head&c.mask, 1)
	c.advance()
	return v, nil
}

// GetContext is Get that gives up when ctx ends: it then returns the cause of ctx, and has
// taken nothing. If there is an item ctx is not looked at.
func (c *Consumer[T]) GetContext(ctx context.Context) (v T, err error) {
	if c.head == c.limit {
		if err := c.wait(ctx); err != nil {
			return v, err
		}
	}
	v = c.slots[c.head&c.mask]
	adoptItems(c.slots, c.head&c.mask, 1)
	c.advance()
	return v, nil
}

// TryGet is Get that does not wait: [ErrEmpty] if there is nothing.
func (c *Consumer[T]) TryGet() (v T, err error) {
	if c.head == c.limit {
		if err := c.look(); err != nil {
			return v, err
		}
	}
	v = c.slots[c.head&c.mask]
	adoptItems(c.slots, c.head&c.mask, 1)
	c.advance()
	return v, nil
}

// GetN takes as many items as there are, up to len(to), and waits for one as long as it
// takes. It returns how many it took. Errors: as Get.
func (c *Consumer[T]) GetN(to []T) (n int, err error) {
	return c.GetNContext(context.Background(), to)
}

// GetNContext is GetN that gives up when ctx ends.
func (c *Consumer[T]) GetNContext(ctx context.Context, to []T) (n int, err error) {
	if n, err = c.TryGetN(to); err != ErrEmpty {
		return n, err
	}
	if err := c.wait(ctx); err != nil {
		return 0, err
	}
	return c.get(to), nil
}

// TryGetN is GetN that does not wait: [ErrEmpty] if there is nothing.
func (c *Consumer[T]) TryGetN(to []T) (n int, err error) {
	if len(to) == 0 {
		return 0, c.open()
	}
	if c.limit-c.head < uint64(len(to)) {
		if err := c.look(); err != nil {
			return 0, err
		}
	}
	return c.get(to), nil
}

// get takes as many as there are, as far as we know.
func (c *Consumer[T]) get(to []T) int {
	n := min(uint64(len(to)), c.limit-c.head)
	pos := c.head & c.mask
	first := copy(to[:n], c.slots[pos:])
	copy(to[first:n], c.slots)
	adoptItems(c.slots, pos, uint64(first))
	adoptItems(c.slots, 0, n-uint64(first))
	c.head += n
	c.publish(&c.stream.head.Head, c.head)
	runtime.KeepAlive(c)
	return int(n)
}

// Peek is the oldest item, in shared memory, and waits for one as long as it takes. It is
// the caller's until Release. Errors: as Get.
func (c *Consumer[T]) Peek() (*T, error) { return c.PeekContext(context.Background()) }

// PeekContext is Peek that gives up when ctx ends.
func (c *Consumer[T]) PeekContext(ctx context.Context) (*T, error) {
	if c.head == c.limit {
		if err := c.wait(ctx); err != nil {
			return nil, err
		}
	}
	return c.peek(), nil
}

// TryPeek is Peek that does not wait: [ErrEmpty] if there is nothing.
func (c *Consumer[T]) TryPeek() (*T, error) {
	if c.head == c.limit {
		if err := c.look(); err != nil {
			return nil, err
		}
	}
	return c.peek(), nil
}

func (c *Consumer[T]) peek() *T {
	c.inHand, c.limit = true, c.head
	return &c.slots[c.head&c.mask]
}

// Release says that what Peek gave is dealt with: its slot is the producer's again.
// Errors: [ErrNotHeld] if nothing is in hand.
func (c *Consumer[T]) Release() error {
	if !c.inHand {
		return ErrNotHeld
	}
	c.inHand, c.limit = false, c.seen
	c.advance()
	return nil
}

// Detach gives the end back: another process, or this one, may take it, and the stream
// goes on with the item that is in hand, if one is. A second Detach gives [ErrDetached].
func (c *Consumer[T]) Detach() error {
	c.limit = c.head
	return c.leave()
}

// advance gives the slot that was read back to the producer.
func (c *Consumer[T]) advance() {
	c.head++
	c.publish(&c.stream.head.Head, c.head)
	runtime.KeepAlive(c)
}

// look and wait find out why there is nothing; wait waits until there is something.
func (c *Consumer[T]) look() error {
	if err := c.paced(); err != ErrEmpty {
		return err
	}
	return c.lone()
}

func (c *Consumer[T]) wait(ctx context.Context) error {
	if err := c.paced(); err != ErrEmpty {
		return err
	}
	if err := c.tempo.look(&c.end, c.head); err != ErrEmpty {
		return err
	}
	return c.await(ctx)
}

// paced looks for items, and once more if there are few and they come in a stream.
func (c *Consumer[T]) paced() error {
	err := c.items()
	if (err == nil || err == ErrEmpty) && c.tempo.close(c.head, c.limit-c.head) {
		c.tempo.rest(c.head, func() uint64 {
			err = c.items()
			return c.limit - c.head
		})
	}
	return err
}

// items looks for items.
func (c *Consumer[T]) items() error {
	switch {
	case c.detached:
		return ErrDetached
	case c.inHand:
		return ErrInHand
	}
	closing := atomic.LoadUint32(c.closing)        // sync: stream closing. Before the tail: what came before it counts.
	tail := atomic.LoadUint64(&c.stream.head.Tail) // sync: stream index
	if tail-c.head > c.stream.limit {
		return c.stream.damaged("Tail", tail)
	}
	if race.Enabled {
		c.acquired()
	}
	c.seen, c.limit = tail, tail
	switch {
	case tail != c.head:
		return nil
	case closing != 0:
		return ErrClosed
	}
	return c.stream.own("Head", &c.stream.head.Head, c.head, ErrEmpty)
}
