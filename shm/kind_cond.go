package shm

import (
	"fmt"
	"slices"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
	"shmkit/internal/word"
)

func init() {
	kinds[KindCond] = &kind{
		name: "Cond", head: 128, owners: layout.OwnerWaiters,
		disown: disownWaiters, check: checkWaiters, describe: describeWaiters,
	}
}

// waiters are the cells of a condition. What the words become is in internal/word.
type waiters struct {
	head  *layout.Cond
	cells []uint64
}

func (v *view) waiters(o *layout.Object) (w waiters, err error) {
	if w.head, err = mem.At[layout.Cond](v.mem, o.Data); err == nil {
		w.cells, err = mem.Slice[uint64](v.mem, o.Data+o.ItemsOff, o.Count)
	}
	return w, err
}

// disownWaiters ends the waits of owner. What it was notified of and did not live to
// see goes to another.
func disownWaiters(v *view, o *layout.Object, owner uint32) {
	w, err := v.waiters(o)
	if err != nil {
		return
	}
	for i := range w.cells {
		w.disown(i, owner)
	}
	// Even if there was nothing now: whoever did this before may have died half-way.
	w.passOn()
}

func (w waiters) disown(i int, owner uint32) {
	for {
		x := atomic.LoadUint64(&w.cells[i])
		move := word.CondDisown(x, owner)
		if !move.OK {
			return
		}
		// sync: waiter cell
		if atomic.CompareAndSwapUint64(&w.cells[i], x, move.Next) {
			if word.CondOwnerless(move.Next) {
				w.leftOne()
			}
			return
		}
	}
}

// leftOne notes that a notification without an owner was made.
func (w waiters) leftOne() {
	if atomic.AddUint32(&w.head.Left, 1) == 0 {
		atomic.AddUint32(&w.head.Left, 1)
	}
}

// passOn sees to it that somebody looks for each notification without an owner, or
// ends it if there is nobody whom it is for. Anybody may call it, at any time.
func (w waiters) passOn() {
	for {
		seen := atomic.LoadUint32(&w.head.Left)
		left, again := w.nudge()
		switch {
		case again:
		case left && seen == 0:
			// Whoever made it was killed before it could. Who was nudged may have left by
			// now, and not known that it had to pass that on: once more.
			w.leftOne()
		case left:
			return
		case seen == 0 || atomic.CompareAndSwapUint32(&w.head.Left, seen, 0):
			return
		}
	}
}

// nudge is one round of passOn. left tells that notifications without an owner remain,
// again that somebody changed a cell meanwhile.
func (w waiters) nudge() (left, again bool) {
	var owed []int
	for i := range w.cells {
		if word.CondOwnerless(atomic.LoadUint64(&w.cells[i])) {
			owed = append(owed, i)
		}
	}
	if len(owed) == 0 {
		return false, false
	}
	queue := w.queue()
	for _, i := range owed {
		x := atomic.LoadUint64(&w.cells[i])
		if !word.CondOwnerless(x) {
			continue // adopted
		}
		able := func(q int) bool { return w.able(q, x) }
		if !slices.ContainsFunc(queue, able) {
			// Nobody can join those whom it is for, so this ends it.
			// sync: waiter cell
			again = !atomic.CompareAndSwapUint64(&w.cells[i], x, word.CondForget(x).Next) || again
			continue
		}
		left = true
		if k := slices.IndexFunc(queue, func(q int) bool { return able(q) && w.asleep(q) }); k >= 0 {
			again = !w.wake(queue[k]) || again
		}
	}
	return left, again
}

// queue lists the cells of those who wait, the oldest first.
func (w waiters) queue() (queue []int) {
	tickets := map[int]uint32{}
	for i := range w.cells {
		if ticket, ok := word.CondWaits(atomic.LoadUint64(&w.cells[i])); ok {
			tickets[i] = ticket
			queue = append(queue, i)
		}
	}
	slices.SortFunc(queue, func(a, b int) int {
		if layout.CondOlder(tickets[a], tickets[b]) {
			return -1
		}
		return 1
	})
	return queue
}

// able tells whether the owner of cell i waits and may have the notification x.
func (w waiters) able(i int, x uint64) bool {
	ticket, ok := word.CondWaits(atomic.LoadUint64(&w.cells[i]))
	return ok && word.CondFor(x, ticket)
}

func (w waiters) asleep(i int) bool { return word.CondNudge(atomic.LoadUint64(&w.cells[i])).OK }

// wake lets the owner of cell i look around. It fails if that does not sleep any more.
func (w waiters) wake(i int) bool {
	x := atomic.LoadUint64(&w.cells[i])
	move := word.CondNudge(x)
	// sync: waiter cell
	if !move.OK || !atomic.CompareAndSwapUint64(&w.cells[i], x, move.Next) {
		return false
	}
	sys.FutexWake(mem.Low(&w.cells[i]), 1)
	return true
}

// PassOn sees to it that notifications whose receivers died reach others who wait on
// o, a condition. Anybody who uses o may call it.
func (o *Object) PassOn() { o.waiters().passOn() }

// waiters are those of o, as many as there were when it was opened.
func (o *Object) waiters() waiters { return waiters{Head[layout.Cond](o, 0), Items[uint64](o)} }

// Disown gives cell i of o, a condition, back for its owner. A notification in it goes
// to another.
func (o *Object) Disown(i int, owner uint32) { o.waiters().disown(i, owner) }

// checkWaiters: cells name attached processes, and what has no owner is for somebody.
func checkWaiters(c *checker, where string, o *layout.Object) {
	w, err := c.waiters(o)
	if err != nil {
		c.report(where, "cells: %v", err)
		return
	}
	high := atomic.LoadUint32(&w.head.High)
	if uint64(high) > o.Count || atomic.LoadUint32(&w.head.Ticket) > layout.CondTicketMask {
		c.report(where, "High = %d, Ticket = %#x", high, w.head.Ticket)
	}
	queue := w.queue()
	for i := range w.cells {
		x := atomic.LoadUint64(&w.cells[i])
		owner, cell := layout.CondOwner(x), fmt.Sprintf("cell %d", i)
		able := func(q int) bool { return w.able(q, x) }
		switch {
		case x == layout.CondFree:
			continue
		case uint32(i) >= high:
			c.report(where, "%s = %#x, beyond High", cell, x)
		case word.CondOwnerless(x):
			if !c.others && !slices.ContainsFunc(queue, able) {
				c.report(where, "%s: a notification that is for nobody", cell)
			}
		case x&layout.CondStateMask == layout.CondFree || owner&^layout.OwnerMask != 0:
			c.report(where, "%s = %#x", cell, x)
		case !c.attached(owner):
			c.report(where, "%s: slot %d generation %d waits, which is nobody", cell, layout.OwnerSlot(owner), layout.OwnerGeneration(owner))
		}
	}
}

// attached tells whether owner is in its slot, dead and not swept yet perhaps.
func (c *checker) attached(owner uint32) bool {
	p := c.view.participant(layout.OwnerSlot(owner))
	return atomic.LoadUint32(&p.Generation) == layout.OwnerGeneration(owner) && atomic.LoadUint32(&p.State) == layout.SlotAttached
}
