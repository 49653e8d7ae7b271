package shm

import (
	"errors"
	"sync/atomic"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
)

// setHolder notes that the process in slot uses o. Only that process, or the one
// that sweeps it, ever touches the bit.
func setHolder(o *layout.Object, slot uint32) {
	// sync: object held. Before the process looks at the state, or at the payload.
	atomic.OrUint64(&o.Holders[slot/64], 1<<(slot%64))
}

func clearHolder(o *layout.Object, slot uint32) {
	atomic.AndUint64(&o.Holders[slot/64], ^uint64(1<<(slot%64)))
}

func holds(o *layout.Object, slot uint32) bool {
	return atomic.LoadUint64(&o.Holders[slot/64])&(1<<(slot%64)) != 0
}

func held(o *layout.Object) bool {
	for w := range o.Holders {
		if atomic.LoadUint64(&o.Holders[w]) != 0 {
			return true
		}
	}
	return false
}

// freeIfUnused frees o if it has no name and no process uses it. slot is the slot
// on whose behalf this runs: if the caller dies half-way, the sweep of slot
// finishes.
//
// Somebody who starts to use o sets its bit first and looks at the state second;
// here the state comes first and the bits second. So either this sees the bit and
// takes the state back, or the other sees Dying and does so itself, or comes after
// Freeing and gives up.
func (v *view) freeIfUnused(i uint32, o *layout.Object, slot uint32) {
	for {
		state := atomic.LoadUint64(&o.State)
		if state&(layout.ObjectStateMask|layout.ObjectNamed) != layout.ObjectReady || held(o) {
			return
		}
		generation := layout.ObjectGeneration(state)
		dying := layout.ObjectState(layout.ObjectDying, slot, generation)
		// sync: object dying
		if !atomic.CompareAndSwapUint64(&o.State, state, dying) {
			continue
		}
		if v.decide(i, o, dying) {
			return
		}
	}
}

// decide frees o, which is Dying by a slot that the caller acts for, or makes it
// Ready again if somebody uses it. It tells whether o was freed.
func (v *view) decide(i uint32, o *layout.Object, dying uint64) bool {
	generation := layout.ObjectGeneration(dying)
	if held(o) {
		revive(o, dying)
		return false
	}
	freeing := layout.ObjectState(layout.ObjectFreeing, layout.ObjectSlot(dying), generation)
	// sync: object dying
	if !atomic.CompareAndSwapUint64(&o.State, dying, freeing) {
		return false // somebody began to use it meanwhile
	}
	v.finishFree(i, o, freeing)
	return true
}

// revive makes a Dying object Ready again, on behalf of one who has set its bit.
// Ownership of the decision goes back to whoever clears the last bit.
func revive(o *layout.Object, dying uint64) {
	atomic.CompareAndSwapUint64(&o.State, dying, layout.ObjectState(layout.ObjectReady, 0, layout.ObjectGeneration(dying)))
}

// finishFree frees the block of o and then o itself. state is Freeing or Creating
// by a slot that the caller acts for, so nobody else changes o.
func (v *view) finishFree(i uint32, o *layout.Object, state uint64) {
	generation := layout.ObjectGeneration(state)
	if block := atomic.LoadUint64(&o.Block); block != 0 {
		// It may be freed already, by one who died right after it; the block then
		// does not name (i, generation) any more and is left alone.
		v.freeBlock(block, i, generation)
		atomic.StoreUint64(&o.Block, 0)
	}
	// This passes the record to whoever claims it next.
	atomic.CompareAndSwapUint64(&o.State, state, layout.ObjectState(layout.ObjectFree, 0, generation))
}

// freeBlock gives a block back through this process's heap, if it has one, which
// can hand it out again at once. Damage is left for Check.
func (v *view) freeBlock(block uint64, i, generation uint32) {
	if v.heap == nil || errors.Is(v.heap.Free(block, i, generation), heap.ErrClosed) {
		heap.FreeBlock(v.mem, v.end(), block, i, generation)
	}
}

// finishRemove ends the removal of the name of o. slot is as in freeIfUnused.
func (v *view) finishRemove(i uint32, o *layout.Object, state uint64, slot uint32, admin func(func() error) error) error {
	err := admin(func() error {
		v.unlinkName(i, o)
		atomic.CompareAndSwapUint64(&o.State, state,
			layout.ObjectState(layout.ObjectReady, 0, layout.ObjectGeneration(state)))
		return nil
	})
	if err == nil {
		v.freeIfUnused(i, o, slot)
	}
	return err
}
