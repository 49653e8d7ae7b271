package shm

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/word"
)

// PeekInfo is what waits in a queue or stream. It is a copy of this process alone: it
// changes no more, whatever other processes do and whoever dies.
type PeekInfo struct {
	Index    uint32
	Name     string // empty if anonymous
	Kind     string
	Type     Type      // of one message
	Messages []Message // oldest first
}

// Message is one that waits, or in a Broadcast one that can still be read. It is a copy of
// this process alone: it changes no more, whatever other processes do and whoever dies.
type Message struct {
	Ring int // of a Pair: 0 or 1
	// Ticket is its number among all that were put, from 0 on; in Records and a Pair it
	// is where it begins, in bytes.
	Ticket     uint64
	Deliveries int    // how often it was delivered before
	Returned   bool   // it came back, and goes ahead of others
	Size       uint64 // bytes
	Bytes      []byte // up to MaxPeek of them
}

// MaxPeek is how many bytes of a message Peek copies.
const MaxPeek = 1 << 20

// ErrNoMessages is given for an object that messages do not wait in.
var ErrNoMessages = fmt.Errorf("%w: not a queue or stream", ErrType)

// Peek copies the first n messages that wait in an object of the segment name: the one
// called object or, if that is none, the one with that number. Nothing is taken, attached
// to or written, and nobody waits. A message that somebody takes meanwhile is there whole,
// or not at all. Errors: as Open; ErrNotFound, ErrNoMessages, *CorruptError.
func Peek(name, object string, n int) (*PeekInfo, error) {
	path, err := locate(name)
	if err != nil {
		return nil, fail("peek", name, err)
	}
	v, err := openView(path, false)
	if err != nil {
		return nil, fail("peek", path, err)
	}
	defer v.drop()
	info, err := v.peek(object, n)
	return info, fail("peek", path+"#"+object, err)
}

func (v *view) peek(object string, n int) (*PeekInfo, error) {
	i, o, err := v.named(object)
	if err != nil {
		return nil, err
	}
	k := kindOf(o.Kind)
	if k.peek == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoMessages, k.name)
	}
	// All numbers that addresses are made of are checked here.
	probe := Object{core: &core{view: v}, record: o, index: i, generation: layout.ObjectGeneration(atomic.LoadUint64(&o.State))}
	if err := probe.load(); err != nil {
		return nil, err
	}
	p := &peeker{view: v, left: n, count: probe.spec.Count, items: probe.data + probe.itemsOff, info: PeekInfo{
		Index: i, Name: text(o.Name[:], int(o.NameLen)), Kind: k.name, Type: probe.spec.Type,
	}}
	err = k.peek(p, o)
	return &p.info, err
}

// named is the object called name, or with that number.
func (v *view) named(name string) (index uint32, found *layout.Object, err error) {
	number, notNumber := strconv.ParseUint(name, 10, 32)
	err = v.objects(1, func(i uint32, o *layout.Object) bool {
		state := atomic.LoadUint64(&o.State)
		if s := state & layout.ObjectStateMask; s != layout.ObjectReady && s != layout.ObjectRemoving {
			return true
		}
		if state&layout.ObjectNamed != 0 && text(o.Name[:], int(o.NameLen)) == name {
			index, found = i, o
			return false
		}
		if notNumber == nil && uint64(i) == number {
			index, found = i, o
		}
		return true
	})
	if err == nil && found == nil {
		err = ErrNotFound
	}
	return index, found, err
}

// peeker collects messages.
type peeker struct {
	*view
	info  PeekInfo
	left  int
	count uint64 // items of the object
	items uint64 // offset of the first one
}

func (p *peeker) add(m Message) {
	p.info.Messages = append(p.info.Messages, m)
	p.left--
}

// copyWords is the n bytes at off, which is a multiple of 8, up to MaxPeek. Somebody may
// write there meanwhile, so a word after it must tell whether that was so: the loads are
// atomic, and so come before that of the word. The memory goes up to a multiple of 8.
func (v *view) copyWords(off, n uint64) ([]byte, error) {
	n = min(n, MaxPeek)
	words, err := mem.Slice[uint64](v.mem, off, (n+7)/8)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(words)*8)
	for i := range words {
		b = le.AppendUint64(b, atomic.LoadUint64(&words[i]))
	}
	return b[:n], nil
}

// peekQueue: first those that came back, then those in the ring. The word of a block
// says which message it has, and becomes another before that changes.
func peekQueue(p *peeker, o *layout.Object) error {
	q, err := p.queueOf(o)
	if err != nil {
		return err
	}
	for _, m := range p.returned(q) {
		p.add(m)
	}
	from := q.taken()
	for t, end := from, min(q.published(), from+q.slots); t < end && p.left > 0; t++ {
		w, turn := q.slotOf(t)
		b, there := q.waits(w, t)
		if word.SeatOf(w, turn) != word.SeatTaken || !there {
			continue // taken meanwhile
		}
		if m, ok := p.block(q, b, atomic.LoadUint64(&q.cell(b).Block), t); ok {
			p.add(m)
		}
	}
	return nil
}

// returned are the messages that came back, oldest first, and no more than wanted.
func (p *peeker) returned(q *queue) (list []Message) {
	type back struct {
		ticket uint64
		block  uint32
		word   uint64
	}
	var all []back
	for i := range q.blocks {
		if w := atomic.LoadUint64(&q.cell(i).Block); w&layout.CellStateMask == layout.CellReturned {
			all = append(all, back{layout.FullTicket(w, atomic.LoadUint64(&q.head.Tail)), i, w})
		}
	}
	slices.SortFunc(all, func(a, b back) int { return cmp.Compare(a.ticket, b.ticket) })
	for _, x := range all[:min(len(all), p.left)] {
		if m, ok := p.block(q, x.block, x.word, x.ticket); ok {
			m.Returned = true
			list = append(list, m)
		}
	}
	return list
}

// block copies the message in block b, whose word is w. It fails if that is another one
// afterwards.
func (p *peeker) block(q *queue, b uint32, w, ticket uint64) (m Message, ok bool) {
	m = Message{Ticket: ticket, Deliveries: int(layout.CellDeliveries(w)), Size: uint64(p.info.Type.Size)}
	if p.info.Type.Code == layout.TypeMessage {
		m.Size = atomic.LoadUint64(&q.cell(b).Length)
	}
	if m.Bytes, ok = p.chain(q, b, min(m.Size, MaxPeek)); !ok {
		m.Bytes = nil // damaged, or another message by now
	}
	there := word.QueueThere(w, ticket) || w&layout.CellStateMask == layout.CellReturned
	return m, there && atomic.LoadUint64(&q.cell(b).Block) == w
}

// chain copies n bytes from block b and those that follow it, for a message that is as long
// as the first block says.
func (p *peeker) chain(q *queue, b uint32, n uint64) (all []byte, ok bool) {
	size := uint64(p.info.Type.Size)
	for steps := uint32(0); steps < q.blocks; steps++ {
		part, err := p.copyWords(q.base+uint64(b)*q.stride+cellHead, min(size, n-uint64(len(all))))
		if err != nil {
			return nil, false
		}
		if all = append(all, part...); uint64(len(all)) >= n {
			return all, true
		}
		next := atomic.LoadUint32(&q.cell(b).Next)
		if next == 0 || next > q.blocks {
			break
		}
		b = next - 1
	}
	return nil, false
}
