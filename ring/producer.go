package ring

import (
	"context"
	"runtime"
	"sync/atomic"

	"shmkit/internal/race"
)

// Producer is the producer end of an [SPSC], which this process has until it detaches or
// dies. It is used by one goroutine at a time and must not be copied. If the process dies
// inside a method, an item is published whole or not at all. A Producer that is
// forgotten counts as one whose process died.
type Producer[T any] struct {
	tenure
	stream stream
	slots  []T
	mask   uint64
	tail   uint64 // next to publish
	limit  uint64 // tail when the ring is full, as far as we know; tail while inHand
	seen   uint64 // head, as far as we know
	tempo  tempo
}

// Put puts v at the end, and waits for room as long as it takes. When it returns nil, v
// is in the ring whatever becomes of this process. Errors: [ErrClosed]; [ErrPeerDied] if
// the ring is full and the process of the consumer died; [ErrInHand] between Claim and
// Commit; *shm.CorruptError; [ErrDetached].
//
// In the terminology of the Go memory model it synchronizes before the Get that returns
// v.
func (p *Producer[T]) Put(v T) error {
	if p.held() {
		if err := p.wait(context.Background()); err != nil {
			return err
		}
	}
	copyTo(&p.slots[p.tail&p.mask], &v)
	p.advance()
	return nil
}

// PutContext is Put that gives up when ctx ends: it then returns the cause of ctx, and v is
// not in the ring. If there is room ctx is not looked at.
func (p *Producer[T]) PutContext(ctx context.Context, v T) error {
	if p.held() {
		if err := p.wait(ctx); err != nil {
			return err
		}
	}
	copyTo(&p.slots[p.tail&p.mask], &v)
	p.advance()
	return nil
}

// TryPut is Put that does not wait: [ErrFull] if there is no room.
func (p *Producer[T]) TryPut(v T) error {
	if p.held() {
		if err := p.look(); err != nil {
			return err
		}
	}
	copyTo(&p.slots[p.tail&p.mask], &v)
	p.advance()
	return nil
}

// PutN puts all of vs at the end, as many at once as there is room for, and waits for room
// as long as it takes. It returns how many it put, which is less than all with an error.
// Errors: as Put.
func (p *Producer[T]) PutN(vs []T) (n int, err error) {
	return p.PutNContext(context.Background(), vs)
}

// PutNContext is PutN that gives up when ctx ends.
func (p *Producer[T]) PutNContext(ctx context.Context, vs []T) (n int, err error) {
	for n < len(vs) {
		if p.held() {
			if err := p.wait(ctx); err != nil {
				return n, err
			}
		}
		n += p.put(vs[n:])
	}
	return n, nil
}

// TryPutN is PutN that does not wait: it puts as many as there is room for. [ErrFull] if
// that is none.
func (p *Producer[T]) TryPutN(vs []T) (n int, err error) {
	if len(vs) == 0 {
		return 0, p.open()
	}
	if p.held() || p.limit-p.tail < uint64(len(vs)) {
		if err := p.look(); err != nil {
			return 0, err
		}
	}
	return p.put(vs), nil
}

// put puts as many as there is room for, as far as we know.
func (p *Producer[T]) put(vs []T) int {
	n := min(uint64(len(vs)), p.limit-p.tail)
	pos := p.tail & p.mask
	first := copy(p.slots[pos:], vs[:n])
	copy(p.slots, vs[first:n])
	p.tail += n
	p.publish(&p.stream.head.Tail, p.tail)
	runtime.KeepAlive(p)
	return int(n)
}

// Claim is room for one item, in shared memory: it holds what an earlier item left. Fill
// it, then Commit or Abort. It waits for room as long as it takes. Errors: as Put,
// [ErrInHand] if the last one was not committed.
func (p *Producer[T]) Claim() (*T, error) { return p.ClaimContext(context.Background()) }

// ClaimContext is Claim that gives up when ctx ends.
func (p *Producer[T]) ClaimContext(ctx context.Context) (*T, error) {
	if p.held() {
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
	}
	return p.claim(), nil
}

// TryClaim is Claim that does not wait: [ErrFull] if there is no room.
func (p *Producer[T]) TryClaim() (*T, error) {
	if p.held() {
		if err := p.look(); err != nil {
			return nil, err
		}
	}
	return p.claim(), nil
}

func (p *Producer[T]) claim() *T {
	p.inHand, p.limit = true, p.tail
	return &p.slots[p.tail&p.mask]
}

// Commit publishes what was claimed. Errors: [ErrNotHeld] if nothing is.
func (p *Producer[T]) Commit() error {
	if err := p.Abort(); err != nil {
		return err
	}
	p.advance()
	return nil
}

// Abort gives back what was claimed, unpublished. Errors: as Commit.
func (p *Producer[T]) Abort() error {
	if !p.inHand {
		return ErrNotHeld
	}
	p.inHand, p.limit = false, p.seen+p.stream.limit
	return nil
}

// Detach gives the end back: another process, or this one, may take it, and the stream
// goes on. What was claimed is not published. A second Detach gives [ErrDetached].
func (p *Producer[T]) Detach() error {
	p.limit = p.tail
	return p.leave()
}

// held tells whether something is between us and the next slot.
func (p *Producer[T]) held() bool {
	return p.tail == p.limit || atomic.LoadUint32(p.closing) != 0 // sync: stream closing
}

// advance publishes the next slot.
func (p *Producer[T]) advance() {
	p.tail++
	p.publish(&p.stream.head.Tail, p.tail)
	runtime.KeepAlive(p)
}

// look and wait find out what is between us and the next slot; wait waits until nothing
// is.
func (p *Producer[T]) look() error {
	if err := p.paced(); err != ErrFull {
		return err
	}
	return p.lone()
}

func (p *Producer[T]) wait(ctx context.Context) error {
	if err := p.paced(); err != ErrFull {
		return err
	}
	if err := p.tempo.look(&p.end, p.tail); err != ErrFull {
		return err
	}
	return p.await(ctx)
}

// paced looks for room, and once more if there is little and the items come in a stream.
func (p *Producer[T]) paced() error {
	err := p.room()
	if (err == nil || err == ErrFull) && p.tempo.close(p.tail, p.limit-p.tail) {
		p.tempo.rest(p.tail, func() uint64 {
			err = p.room()
			return p.limit - p.tail
		})
	}
	return err
}

// room looks for room.
func (p *Producer[T]) room() error {
	switch {
	case p.detached:
		return ErrDetached
	case p.inHand:
		return ErrInHand
	case atomic.LoadUint32(p.closing) != 0: // sync: stream closing
		return ErrClosed
	}
	head := atomic.LoadUint64(&p.stream.head.Head) // sync: stream index
	if p.tail-head > p.stream.limit {
		return p.stream.damaged("Head", head)
	}
	if race.Enabled {
		p.acquired()
	}
	p.seen, p.limit = head, head+p.stream.limit
	if p.tail == p.limit {
		return p.stream.own("Tail", &p.stream.head.Tail, p.tail, ErrFull)
	}
	return nil
}
