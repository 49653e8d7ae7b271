package ring

import (
	"runtime"
	"sync/atomic"
)

// Publisher is the right to publish in a [Broadcast], which this process has until it
// detaches or dies. It is used by one goroutine at a time and must not be copied. If the
// process dies inside a method, a message is published whole or not at all. A Publisher
// that is forgotten counts as one whose process died.
type Publisher[T any] struct {
	tenure
	slots slots
	tail  uint64 // next to publish
	item  scratch[T]
}

// Publish publishes v. It waits for nobody: the oldest message makes room. When it returns
// nil, v is there whatever becomes of this process, for those who come before it is
// overwritten. Errors: [ErrClosed], [ErrDetached].
//
// In the terminology of the Go memory model it synchronizes before the Get that returns
// v.
func (p *Publisher[T]) Publish(v T) error {
	if atomic.LoadUint32(p.closing) != 0 { // sync: stream closing
		return p.ended()
	}
	p.write(v)
	p.publish(&p.slots.head.Tail, p.tail)
	runtime.KeepAlive(p)
	return nil
}

// PublishN publishes all of vs, one after the other. Errors: as Publish.
func (p *Publisher[T]) PublishN(vs []T) error {
	if atomic.LoadUint32(p.closing) != 0 { // sync: stream closing
		return p.ended()
	}
	for _, v := range vs {
		p.write(v)
		release(&p.slots.head.Tail, p.tail) // sync: stream index
	}
	p.publish(&p.slots.head.Tail, p.tail)
	runtime.KeepAlive(p)
	return nil
}

// write publishes v to those who look. The word of the slot is odd while it is written; who
// copies meanwhile sees that when it has copied.
func (p *Publisher[T]) write(v T) {
	if len(p.item.words) == 0 {
		p.item.words = make([]uint64, p.slots.stride) // a word more than needed: never empty
	}
	copyTo(p.item.as(), &v)
	slot, word := p.slots.slot(p.tail), 2*p.tail+1
	release(&slot[0], word) // sync: message broadcast
	for i := range slot[1:] {
		release(&slot[1+i], p.item.words[i])
	}
	// This passes the slot to all readers. sync: message broadcast
	release(&slot[0], word+1)
	p.tail++
}

// ended is why nothing can be published.
func (p *Publisher[T]) ended() error {
	if p.detached {
		return ErrDetached
	}
	return ErrClosed
}

// Detach gives the right to publish back: another process, or this one, may take it. A
// second Detach gives [ErrDetached].
func (p *Publisher[T]) Detach() error { return p.leave() }
