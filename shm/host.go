package shm

import (
	"fmt"
	"sync/atomic"
	"syscall"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
)

// host is the heap's view of a core. Its methods may be called with the heap's
// lock held, so they never call the heap.
type host struct{ c *core }

func (h host) Memory() *mem.Memory    { return h.c.mem }
func (h host) End() uint64            { return h.c.end() }
func (h host) Self() uint32           { return h.c.self }
func (h host) Dead(owner uint32) bool { return h.c.dead(owner) }

// Confirm tells whether a used block belongs to anything. A record that is being
// created keeps every block that names it: its creator lives, or the sweep has not
// come by yet.
func (h host) Confirm(block uint64, index, generation uint32) bool {
	if index >= layout.BlockPage {
		return h.confirmPage(block, int(index-layout.BlockPage), generation)
	}
	o, err := h.c.object(index)
	if err != nil {
		return false
	}
	state := atomic.LoadUint64(&o.State)
	if layout.ObjectGeneration(state) != generation {
		return false
	}
	switch state & layout.ObjectStateMask {
	case layout.ObjectFree:
		return false
	case layout.ObjectCreating:
		return true
	}
	return atomic.LoadUint64(&o.Block) == block
}

// confirmPage: a directory page carries the owner id of its maker in place of a
// generation, for the time until Header.Pages points to it.
func (h host) confirmPage(block uint64, k int, maker uint32) bool {
	if k >= layout.MaxPages {
		return false
	}
	if off := h.c.page(k); off != 0 {
		return off > block && off-block <= layout.Line
	}
	return !h.c.dead(maker)
}

// Grow adds an arena of at least need bytes; the segment doubles, by up to 64 MiB
// at a time. If this process dies inside, End has not moved and the next one
// writes over the half-made arena.
func (h host) Grow(need uint64) (arena uint64, err error) {
	c := h.c
	err = c.admin(func() error {
		end := c.end()
		size := pageAlign(end+max(need, defaultSize, doubled(end))) - end
		if room := c.header.MaxSize - end; size > room {
			size = room
		}
		if size < need || end > c.header.MaxSize {
			return fmt.Errorf("%w: segment is at its maximum of %d bytes: %w",
				heap.ErrNoSpace, c.header.MaxSize, syscall.ENOSPC)
		}
		if err := sys.Allocate(c.file, int64(end), int64(size)); err != nil {
			return err
		}
		if err := heap.FormatArena(c.mem, end, size, c.self); err != nil {
			return damaged("header.End", end, err)
		}
		// This passes the arena to its owner, us.
		atomic.StoreUint64(&c.header.End, end+size)
		arena = end
		return nil
	})
	return arena, err
}

// doubled is how much to grow by when a little would do.
func doubled(end uint64) uint64 { return min(end, 64<<20) }

func pageAlign(n uint64) uint64 { return (n + pageSize - 1) &^ (pageSize - 1) }
