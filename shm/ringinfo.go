package shm

import (
	"sync/atomic"

	"shmkit/internal/layout"
)

// RingInfo describes a queue, or one direction of a stream. What is counted are
// messages; in Records and a Pair it is bytes. It is a copy of this process alone: it
// changes no more, whatever other processes do and whoever dies.
type RingInfo struct {
	Len, Cap uint64 // of a Broadcast: what is still there to be read
	// Puts and Gets are how much was put, and taken. Nobody takes from a Broadcast.
	Puts, Gets uint64
	// Redelivered is how often a message of a Queue was taken that had come back,
	// HighWater the largest number that waited when somebody looked.
	Redelivered, HighWater uint64
	Closed                 bool
	// Getting and Putting tell whether somebody may be asleep until there is something to
	// take, or room. Who was killed in its sleep, or has left since, counts until somebody
	// looks for it.
	Getting, Putting bool
	Holdings         []Holding
}

// Holding is something of a queue or stream that a process has in hand. It is a copy:
// whoever dies changes the original.
type Holding struct {
	// What is "loan" or "lease" for a block of a Queue, or the end of a stream:
	// "producer", "consumer", "publisher".
	What  string
	Slot  uint32
	PID   uint32
	Alive bool
	// Of a lease: the block, the number that its message has among all that were put,
	// and how often it was delivered before. Of a loan: the block.
	Block      uint32
	Ticket     uint64
	Deliveries uint32
}

// holders asks once for each process whether it lives.
type holders struct {
	view  *view
	known map[uint32]Holding
}

func (v *view) holders() *holders { return &holders{v, map[uint32]Holding{}} }

// of is a Holding of the process in slot.
func (h *holders) of(what string, slot uint32) Holding {
	known, ok := h.known[slot]
	if !ok {
		p := h.view.participant(slot)
		known = Holding{Slot: slot, PID: p.PID, Alive: h.view.alive(slot, p)}
		h.known[slot] = known
	}
	known.What = what
	return known
}

// role is what the word of a role says, if a process is named there.
func (h *holders) role(list []Holding, name string, w uint32) []Holding {
	slot := layout.OwnerSlot(w & layout.OwnerMask)
	stale := atomic.LoadUint32(&h.view.participant(slot).Generation) != layout.OwnerGeneration(w&layout.OwnerMask)
	if w == 0 || w&layout.RoleDied != 0 || stale {
		return list
	}
	return append(list, h.of(name, slot))
}

func ringsOfStream(v *view, o *layout.Object) (rings []RingInfo) {
	all, err := v.streams(o)
	if err != nil {
		return nil // Check tells
	}
	who := v.holders()
	for _, s := range all {
		head, tail := atomic.LoadUint64(&s.Head), atomic.LoadUint64(&s.Tail)
		r := RingInfo{
			Len: min(tail-head, s.Limit), Cap: s.Limit, Puts: tail, Gets: head,
			Closed:  atomic.LoadUint32(&s.Closing) != 0,
			Getting: atomic.LoadUint32(&s.Items)&layout.StreamWaiters != 0,
			Putting: atomic.LoadUint32(&s.Space)&layout.StreamWaiters != 0,
		}
		r.Holdings = who.role(r.Holdings, "producer", atomic.LoadUint32(&s.Producer))
		r.Holdings = who.role(r.Holdings, "consumer", atomic.LoadUint32(&s.Consumer))
		rings = append(rings, r)
	}
	return rings
}

func ringsOfBroadcast(v *view, o *layout.Object) []RingInfo {
	h, err := v.broadcast(o)
	if err != nil {
		return nil // Check tells
	}
	tail := atomic.LoadUint64(&h.Tail)
	r := RingInfo{
		Len: min(tail, o.Count), Cap: o.Count, Puts: tail,
		Closed:  atomic.LoadUint32(&h.Closing) != 0,
		Getting: atomic.LoadUint32(&h.Items)&layout.StreamWaiters != 0,
	}
	r.Holdings = v.holders().role(nil, "publisher", atomic.LoadUint32(&h.Publisher))
	return []RingInfo{r}
}
