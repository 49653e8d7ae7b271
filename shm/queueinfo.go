package shm

import (
	"fmt"
	"strings"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// What tools see of a queue. They map it to read, so they help nobody and note nothing;
// else they do as package ring does. All numbers in it are input.

// mostSteps is how far a walk along the ring goes beyond two turns of it.
const mostSteps = 1 << 16

// slotOf is the slot word of ticket t, and the turn of t.
func (q *queue) slotOf(t uint64) (w, turn uint64) {
	return atomic.LoadUint64(&q.cell(uint32(t % q.slots)).Slot), t / q.slots
}

// waits tells whether the message of ticket t is in the block that the slot word w
// leads to, and which that is.
func (q *queue) waits(w, t uint64) (block uint32, there bool) {
	b := layout.SlotBlock(w)
	return b, b < q.blocks && word.QueueThere(atomic.LoadUint64(&q.cell(b).Block), t)
}

// walk goes from ticket t over all whose seats are past, or taken and of which over is
// true.
func (q *queue) walk(t uint64, over func(w, t uint64) bool) uint64 {
	for range 2*q.slots + mostSteps {
		w, turn := q.slotOf(t)
		s := word.SeatOf(w, turn)
		if s != word.SeatPast && (s != word.SeatTaken || !over(w, t)) {
			break
		}
		if age := layout.SlotAge(w, turn); age > 1 {
			t += uint64(age-1) * q.slots
		} else {
			t++
		}
	}
	return t
}

// taken is the next ticket to take, published the next one to publish.
func (q *queue) taken() uint64 {
	return q.walk(atomic.LoadUint64(&q.head.Head), func(w, t uint64) bool {
		_, there := q.waits(w, t)
		return !there
	})
}

func (q *queue) published() uint64 {
	return q.walk(atomic.LoadUint64(&q.head.Tail), func(uint64, uint64) bool { return true })
}

func ringsOfQueue(v *view, o *layout.Object) []RingInfo {
	q, err := v.queueOf(o)
	if err != nil {
		return nil // Check tells
	}
	head := q.taken()
	tail, flags := q.published(), atomic.LoadUint32(&q.head.Flags)
	r := RingInfo{
		Len: min(uint64(max(int64(tail-head), 0)), q.slots), Cap: q.slots, Puts: tail, Gets: head,
		Redelivered: atomic.LoadUint64(&q.head.Redelivered),
		HighWater:   atomic.LoadUint64(&q.head.HighWater),
		Closed:      flags&layout.QueueClosing != 0,
		Getting:     atomic.LoadUint32(&q.head.Items)&layout.QueueSleepers != layout.QueueNobody,
		Putting:     atomic.LoadUint32(&q.head.Space)&layout.QueueSleepers != layout.QueueNobody || flags&layout.QueueStarved != 0,
	}
	who := v.holders()
	for i := range q.blocks {
		w := atomic.LoadUint64(&q.cell(i).Block)
		if w&layout.CellStateMask == layout.CellReturned {
			r.Len++
		} else if h, ok := q.holding(who, i, w, tail); ok {
			r.Holdings = append(r.Holdings, h)
		}
	}
	return []RingInfo{r}
}

// holding is who has block i, whose word is w, in hand.
func (q *queue) holding(who *holders, i uint32, w, tail uint64) (h Holding, ok bool) {
	switch w & layout.CellStateMask {
	case layout.CellLoaned:
		h = who.of("loan", layout.CellSlot(w))
	case layout.CellQueued:
		seat, turn := q.place(w)
		if atomic.LoadUint64(seat) == layout.SlotWord(layout.SlotFull, turn, i) {
			return h, false // published, and in nobody's hands
		}
		h = who.of("loan", layout.CellSlot(w))
	case layout.CellHeld:
		h = who.of("lease", layout.CellSlot(w))
		h.Ticket, h.Deliveries = layout.FullTicket(w, tail), layout.CellDeliveries(w)
	default:
		return h, false
	}
	h.Block = i
	return h, true
}

func describeQueue(v *view, o *layout.Object) string {
	rings := ringsOfQueue(v, o)
	if len(rings) == 0 {
		return ""
	}
	r := rings[0]
	var text strings.Builder
	fmt.Fprintf(&text, "%d of %d", r.Len, r.Cap)
	if len(r.Holdings) > 0 {
		fmt.Fprintf(&text, ", in hand: %d", len(r.Holdings))
	}
	if r.Getting {
		text.WriteString(", waited for")
	}
	if r.Putting {
		text.WriteString(", room is waited for")
	}
	if r.Closed {
		text.WriteString(", closed")
	}
	return text.String()
}
