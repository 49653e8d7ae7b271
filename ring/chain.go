package ring

import (
	"math/rand/v2"
	"sync/atomic"

	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/word"
)

// A message that is longer than a block has several: see internal/layout. The first one is
// what any other message has, and the rest is whose that is.

// further is how many blocks a message of n bytes takes beyond the first.
func (c *core) further(n int) int {
	if uint64(n) <= c.size {
		return 0
	}
	return int((uint64(n) - 1) / c.size)
}

// putBytes puts b at the end: ErrFull if there is no room for all of it.
func (c *core) putBytes(b []byte) error {
	if uint64(len(b)) > c.most {
		return c.tooLong(len(b))
	}
	t, w, s, err := c.reserve()
	if err != nil {
		return err
	}
	if err := c.fill(s.block, b); err != nil {
		c.free(&c.cell(s.block).Block)
		return err
	}
	if race.Enabled {
		c.raceRelease()
	}
	return c.publish(t, w, s)
}

// fill writes b to block first, which is ours, and to others that it ties to it. If there
// are not enough of them nothing is tied to first: ErrFull.
func (c *core) fill(first uint32, b []byte) error {
	cell := c.cell(first)
	if more := c.further(len(b)); more > 0 {
		if err := c.chain(first, b[c.size:], more); err != nil {
			return err
		}
	} else {
		cell.Next = 0
	}
	cell.Length = uint64(len(b))
	copy(c.bytes(first), b)
	return nil
}

// chain writes b to so many blocks, and ties them to block first, which is ours.
func (c *core) chain(first uint32, b []byte, more int) error {
	list, err := c.claimAll(more)
	if err != nil {
		return err
	}
	next := uint32(0)
	for i := range list {
		block := list[more-1-i]
		copy(c.bytes(block), b[uint64(more-1-i)*c.size:])
		c.cell(block).Next = next
		next = block + 1
	}
	cell := c.cell(first)
	cell.Next = next
	cell.Version++ // what was tied to first before is not taken for what is now
	linked := word.QueueLinked(first, cell.Version)
	for _, block := range list {
		// This passes the block to whoever has first: us, or the sweep of us.
		release(&c.cell(block).Block, linked) // sync: message taken
	}
	return nil
}

// mostClaims is how often claimAll gives way to others who claim at the same time, each time
// for fewer than so many pauses of the processor's.
const (
	mostClaims = 64
	mostApart  = 256
)

// claimAll makes n free blocks ours: all or none, so that two large messages never wait for
// each other with half of their blocks each. It fails with ErrFull if there are not so many.
func (c *core) claimAll(n int) ([]uint32, error) {
	var list []uint32
	for range mostClaims {
		if !c.enoughFree(0, n) && (!c.bury() || !c.enoughFree(0, n)) {
			return nil, ErrFull
		}
		if list == nil {
			list = make([]uint32, 0, n)
		}
		list = list[:0]
		b := uint32(c.slots)
		for range c.blocks {
			if b == c.blocks {
				b = 0
			}
			if c.tryClaim(b) {
				if list = append(list, b); len(list) == n {
					return list, nil
				}
			}
			b++
		}
		for _, b := range list {
			release(&c.cell(b).Block, word.QueueFree) // sync: message taken
		}
		c.freed()
		park.Pause(rand.Uint32N(mostApart))
	}
	return nil, ErrFull
}

// enoughFree tells whether n blocks are free: if it is one, probably the first.
func (c *core) enoughFree(first uint32, n int) bool {
	if n == 1 && atomic.LoadUint64(&c.cell(first).Block) == word.QueueFree {
		return true
	}
	for i := range c.blocks {
		if atomic.LoadUint64(&c.cell(i).Block) == word.QueueFree {
			if n--; n == 0 {
				return true
			}
		}
	}
	return n <= 0
}

// lengthOf is how long the message in block b is, which we hold. Errors: *shm.CorruptError.
func (c *core) lengthOf(b uint32) (int, error) {
	n := atomic.LoadUint64(&c.cell(b).Length)
	if n > c.most {
		return 0, damaged("Length", n)
	}
	return int(n), nil
}

// copyOut copies the message in block b, which we hold and which is as long as buf. Errors:
// *shm.CorruptError.
func (c *core) copyOut(b uint32, buf []byte) error {
	cell := c.cell(b)
	linked := word.QueueLinked(b, atomic.LoadUint32(&cell.Version))
	for n := copy(buf, c.bytes(b)); n < len(buf); {
		next := atomic.LoadUint32(&cell.Next)
		if next == 0 || next > c.blocks {
			return damaged("Next", uint64(next))
		}
		cell = c.cell(next - 1)
		if w := atomic.LoadUint64(&cell.Block); w != linked { // sync: message taken
			return damaged("Block", w)
		}
		n += copy(buf[n:], c.bytes(next-1))
	}
	return nil
}

// fetch copies the message in block b, which we hold.
func (c *core) fetch(b uint32, room func(n int) []byte) (buf []byte, err error) {
	n, err := c.lengthOf(b)
	if err == nil {
		buf = room(n)
		err = c.copyOut(b, buf)
	}
	return buf, err
}

// done ends our hold of block b, whose message of n bytes was copied, and of what is tied
// to it.
func (c *core) done(b uint32, n int) {
	cell := c.cell(b)
	if atomic.LoadUint32(&cell.Next) == 0 {
		c.adoptBytes(b, n)
		c.drop(&cell.Block)
		return
	}
	// From here on the message is acknowledged. sync: message taken
	release(&cell.Block, c.loaned)
	c.discard(b)
}

// discard frees block b, which is Loaned to us, or Queued by us and not published, and what
// is tied to it.
func (c *core) discard(b uint32) {
	cell := c.cell(b)
	if atomic.LoadUint32(&cell.Next) != 0 {
		c.unlink(b)
	}
	c.free(&cell.Block)
}

// unlink frees what is tied to block first, which is ours and in no message. It follows the
// chain, and if that does not lead to all of it looks at every block.
func (c *core) unlink(first uint32) {
	cell := c.cell(first)
	linked := word.QueueLinked(first, atomic.LoadUint32(&cell.Version))
	next := atomic.LoadUint32(&cell.Next)
	left := c.further(int(min(atomic.LoadUint64(&cell.Length), c.most)))
	for ; left > 0 && next != 0 && next <= c.blocks; left-- {
		link := c.cell(next - 1)
		next = atomic.LoadUint32(&link.Next)
		// This passes the block to the producers. sync: message taken
		if !atomic.CompareAndSwapUint64(&link.Block, linked, word.QueueFree) {
			break
		}
	}
	if left > 0 || next != 0 {
		for i := range c.blocks {
			block := &c.cell(i).Block
			if atomic.LoadUint64(block) == linked {
				atomic.CompareAndSwapUint64(block, linked, word.QueueFree) // sync: message taken
			}
		}
	}
	cell.Next = 0
}

// ackChain is ack for a message of several blocks.
//
//go:noinline
func (c *core) ackChain(b uint32, held uint64) error {
	// From here on the message is acknowledged. sync: message taken
	if !atomic.CompareAndSwapUint64(&c.cell(b).Block, held, c.loaned) {
		return ErrNotHeld
	}
	c.discard(b)
	return nil
}
