package shm

import (
	"encoding/binary"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

var le = binary.LittleEndian

// peekStream: what lies from Head to Tail changes only after Head has gone over it.
func peekStream(p *peeker, o *layout.Object) error {
	all, err := p.streams(o)
	if err != nil {
		return err
	}
	for i, s := range all {
		if s.count == 0 || s.count&(s.count-1) != 0 || s.count > p.count {
			return &CorruptError{"stream.Count", s.count, nil}
		}
		head, tail := atomic.LoadUint64(&s.Head), atomic.LoadUint64(&s.Tail)
		if tail-head > s.count {
			return &CorruptError{"stream.Tail", tail, nil}
		}
		if o.Kind == KindSPSC {
			err = p.list(s, head, tail)
		} else {
			err = p.records(i, s, head, tail)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// passed tells whether the consumer of s has gone over what lies at at.
func passed(s stream, at uint64) bool { return int64(atomic.LoadUint64(&s.Head)-at) > 0 }

// list copies the items from head to tail.
func (p *peeker) list(s stream, head, tail uint64) error {
	size := uint64(p.info.Type.Size)
	for at := head; at != tail && p.left > 0; at++ {
		b, err := p.copyBytes(s.off+(at&(s.count-1))*size, size)
		if err != nil {
			return damaged("stream", s.off, err)
		}
		if !passed(s, at) {
			p.add(Message{Ticket: at, Size: size, Bytes: b})
		}
	}
	return nil
}

// copyBytes is copyWords for any place: it copies whole words and cuts.
func (v *view) copyBytes(off, n uint64) ([]byte, error) {
	lead := off & 7
	b, err := v.copyWords(off-lead, lead+min(n, MaxPeek-8))
	if err != nil {
		return nil, err
	}
	return b[lead:], nil
}

// records copies the records from head to tail of ring number n.
func (p *peeker) records(n int, s stream, head, tail uint64) error {
	words, err := mem.Slice[uint64](p.mem, s.off, s.count/8)
	if err != nil || head%8 != 0 || tail%8 != 0 || s.count%8 != 0 {
		return damagedRecord(head, err)
	}
	for at := head; at != tail && p.left > 0; {
		pos := at & (s.count - 1)
		w := atomic.LoadUint64(&words[pos/8])
		if passed(s, at) {
			if at = atomic.LoadUint64(&s.Head); int64(tail-at) <= 0 {
				return nil
			}
			continue
		}
		size := layout.RecordBytes(w)
		if w == layout.RecordSkip && pos > 0 {
			size = s.count - pos
		} else if w > layout.RecordLength {
			return damagedRecord(w, nil)
		}
		if size > tail-at || size > s.count-pos {
			return damagedRecord(w, nil)
		}
		if w != layout.RecordSkip {
			b, err := p.copyWords(s.off+pos+layout.RecordHead, w)
			if err != nil {
				return damagedRecord(w, err)
			}
			if !passed(s, at) {
				p.add(Message{Ring: n, Ticket: at, Size: w, Bytes: b})
			}
		}
		at += size
	}
	return nil
}

func damagedRecord(value uint64, err error) error { return &CorruptError{"stream.Record", value, err} }

// peekBroadcast: the word of a slot tells which message it has, before and after the copy.
func peekBroadcast(p *peeker, o *layout.Object) error {
	h, err := p.broadcast(o)
	if err != nil {
		return err
	}
	count, size := p.count, uint64(p.info.Type.Size)
	if count == 0 || count&(count-1) != 0 {
		return &CorruptError{"broadcast.Count", count, nil}
	}
	tail := atomic.LoadUint64(&h.Tail)
	for t := tail - min(tail, count); t != tail+1 && p.left > 0; t++ {
		at := p.items + (t&(count-1))*layout.BroadcastSlot(size)
		word, err := mem.At[uint64](p.mem, at)
		if err != nil {
			return damaged("broadcast", at, err)
		}
		if atomic.LoadUint64(word) != 2*t+2 {
			continue
		}
		b, err := p.copyWords(at+8, size)
		if err != nil {
			return damaged("broadcast", at, err)
		}
		if atomic.LoadUint64(word) == 2*t+2 {
			p.add(Message{Ticket: t, Size: size, Bytes: b})
		}
	}
	return nil
}
