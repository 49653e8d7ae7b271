package host

import (
	"container/heap"

	"shmkit/internal/wire"
)

// messageCost is what a message counts beyond its item, in bytes.
const messageCost = 64

// A message is an item of a fifo. Tickets are the order in which messages were put.
type message struct {
	item       wire.Item
	ticket     uint64
	deliveries uint64 // how often it was taken before
}

func (m *message) size() uint64 { return uint64(len(m.item)) + messageCost }

// refs is 1 if it is a reference.
func (m *message) refs() int {
	if _, _, ok := m.item.Ref(); ok {
		return 1
	}
	return 0
}

func (m *message) save(b []byte) []byte {
	b = wire.AppendUint(wire.AppendUint(b, m.ticket), m.deliveries)
	return wire.AppendBytes(b, m.item)
}

func loadMessage(r *wire.Reader) message {
	m := message{ticket: r.Uint(), deliveries: r.Uint()}
	m.item = append(wire.Item(nil), r.Item()...)
	return m
}

// messages are those that wait, oldest first: those that came back, then those that nobody
// had yet, whose tickets are all higher.
type messages struct {
	back  returned
	fresh []message
	first int // of fresh
}

func (l *messages) len() int { return len(l.back) + len(l.fresh) - l.first }

func (l *messages) push(m message) { l.fresh = append(l.fresh, m) }

// give puts back a message that was taken.
func (l *messages) give(m message) { heap.Push(&l.back, m) }

// next is the oldest. There is one.
func (l *messages) next() *message {
	if len(l.back) > 0 {
		return &l.back[0]
	}
	return &l.fresh[l.first]
}

// take removes the oldest. There is one.
func (l *messages) take() message {
	if len(l.back) > 0 {
		return heap.Pop(&l.back).(message)
	}
	m := l.fresh[l.first]
	l.fresh[l.first] = message{}
	if l.first++; l.first == len(l.fresh) {
		l.fresh, l.first = l.fresh[:0], 0
	} else if l.first >= 64 && l.first > len(l.fresh)/2 {
		l.fresh, l.first = append(l.fresh[:0], l.fresh[l.first:]...), 0
		clear(l.fresh[len(l.fresh):cap(l.fresh)])
	}
	return m
}

// all calls f for each, in no order that means anything.
func (l *messages) all(f func(m *message)) {
	for i := range l.back {
		f(&l.back[i])
	}
	for i := l.first; i < len(l.fresh); i++ {
		f(&l.fresh[i])
	}
}

// save appends both parts; the order of back in memory is part of the state.
func (l *messages) save(b []byte) []byte {
	b = wire.AppendUint(b, uint64(len(l.back)))
	for i := range l.back {
		b = l.back[i].save(b)
	}
	b = wire.AppendUint(b, uint64(len(l.fresh)-l.first))
	for i := l.first; i < len(l.fresh); i++ {
		b = l.fresh[i].save(b)
	}
	return b
}

func (l *messages) load(r *wire.Reader) {
	for range r.Count(20) {
		l.back = append(l.back, loadMessage(r))
	}
	for range r.Count(20) {
		l.fresh = append(l.fresh, loadMessage(r))
	}
}

// returned are messages that came back, a heap by ticket.
type returned []message

func (l returned) Len() int           { return len(l) }
func (l returned) Less(i, j int) bool { return l[i].ticket < l[j].ticket }
func (l returned) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *returned) Push(m any)        { *l = append(*l, m.(message)) }

func (l *returned) Pop() any {
	n := len(*l) - 1
	m := (*l)[n]
	(*l)[n] = message{}
	*l = (*l)[:n]
	return m
}
