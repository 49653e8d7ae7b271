package manager

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"shmkit/internal/wire"
	"shmkit/ring"
)

// batchBytes is about how long a request with several messages becomes at most.
const batchBytes = 1 << 20

// PutN puts the messages of list at the end, one after the other, and waits for room as long
// as it takes. Others may put theirs in between. It returns how many are in the queue, from
// the first on; an error only if that is not all of them. A MiB of messages is one round trip.
// Errors: as Put.
func (q *Queue[T]) PutN(list []T) (n int, err error) { return q.putN(inherit, list, 0) }

// PutNContext is PutN that gives up when ctx ends; see PutContext.
func (q *Queue[T]) PutNContext(ctx context.Context, list []T) (n int, err error) {
	return q.putN(ctx, list, 0)
}

// TryPutN is PutN that does not wait: ring.ErrFull if there is not room for all.
func (q *Queue[T]) TryPutN(list []T) (n int, err error) { return q.putN(inherit, list, -1) }

func (q *Queue[T]) putN(ctx context.Context, list []T, patience time.Duration) (n int, err error) {
	for n < len(list) {
		body, most, bad := q.appendBatch(list[n:])
		if most == 0 {
			return n, bad
		}
		put, err := q.putBatch(ctx, body, patience)
		if n += put; err != nil || put < most {
			return n, err
		}
	}
	return n, nil
}

// appendBatch encodes as many messages as make a request, and tells why it is none.
func (q *Queue[T]) appendBatch(list []T) (body []byte, n int, err error) {
	body = wire.AppendUint(make([]byte, 0, min(batchBytes, 32*len(list)+16)), 0)
	for ; n < len(list) && (n == 0 || len(body) < batchBytes); n++ {
		longer, err := q.appendSized(q.ref.client(), body, &list[n])
		if err != nil {
			if n == 0 {
				return nil, 0, err
			}
			break // the next request begins with it
		}
		body = longer
	}
	binary.LittleEndian.PutUint64(body, uint64(n))
	return body, n, nil
}

// putBatch puts what is in a request, and tells how much of it is in the queue.
func (q *Queue[T]) putBatch(ctx context.Context, body []byte, patience time.Duration) (int, error) {
	k, r, err := q.attempt(ctx, wire.QueuePutN, body, patience, nil)
	if err != nil {
		return 0, err
	}
	defer k.free()
	n, code := int(r.Uint()), wire.Code(r.Uint())
	switch err := r.End(); {
	case err != nil:
		return 0, err
	case code == wire.CodeOK:
		return n, nil
	case code == wire.CodeCancelled && q.detached():
		return n, errDetached
	case code == wire.CodeCancelled, code == wire.CodeFull && patience >= 0 && q.within(ctx).Err() != nil:
		return n, context.Cause(q.within(ctx))
	}
	text := fmt.Sprintf("manager: Queue.PutN: %d messages are in the queue, and then %v", n, kinds[code])
	return n, &RemoteError{Text: text, kind: kinds[code]}
}

// GetN takes the oldest messages into list: as many as there are, up to its length, or a MiB
// of them. It waits for the first one as long as it takes, and returns how many it has taken,
// 0 only with an error or if list is empty. It is one round trip. One that cannot be decoded
// ends what is taken, and is met by the next call.
// Errors: as Get.
func (q *Queue[T]) GetN(list []T) (n int, err error) { return q.getN(inherit, list, 0) }

// GetNContext is GetN that gives up when ctx ends; see GetContext.
func (q *Queue[T]) GetNContext(ctx context.Context, list []T) (n int, err error) {
	return q.getN(ctx, list, 0)
}

// TryGetN is GetN that does not wait: ring.ErrEmpty if there is no message.
func (q *Queue[T]) TryGetN(list []T) (n int, err error) { return q.getN(inherit, list, -1) }

func (q *Queue[T]) getN(ctx context.Context, list []T, patience time.Duration) (n int, err error) {
	ours, rest, n, err := q.takeN(ctx, list, patience)
	q.acknowledge(ours)
	q.giveBack(rest)
	return n, err
}

// takeN takes messages, and gives the leases of those that were taken, one that could not be
// decoded among them if it is the first, and of those that are to be given back.
func (q *Queue[T]) takeN(ctx context.Context, list []T, patience time.Duration) (ours, rest leases, n int, err error) {
	if len(list) == 0 {
		return ours, rest, 0, nil
	}
	k, r, err := q.attempt(ctx, wire.QueueGetN, wire.AppendUint(nil, uint64(len(list))), patience, q.undoes().undoGetN)
	if err != nil {
		return ours, rest, 0, err
	}
	defer k.free()
	ours.first, rest.n = r.Uint(), r.Uint()
	for rest.n > 0 && n < len(list) {
		r.Uint() // deliveries
		item := r.Item()
		if err = r.Err(); err != nil {
			return leases{}, leases{}, 0, err
		}
		if list[n], err = q.read(item, false); err != nil {
			break
		}
		n, ours.n, rest.n = n+1, ours.n+1, rest.n-1
	}
	if err != nil && n > 0 {
		err = nil // what was taken is taken; the next call meets the error again
	} else if err != nil {
		ours.n, rest.n = 1, rest.n-1
	}
	rest.first = ours.first + ours.n
	if n == 0 && err == nil {
		err = fmt.Errorf("%w: no message, and no error", ring.ErrEmpty)
	}
	return ours, rest, n, err
}
