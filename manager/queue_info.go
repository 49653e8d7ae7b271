package manager

import (
	"shmkit/internal/wire"
	"shmkit/ring"
)

// QueueInfo is what a queue has done since it was made, by all clients together, also by those
// of them that are dead. It is a copy, so it changes no more whoever dies. Cap is 0 if the
// number of messages is not limited.
type QueueInfo struct {
	ring.Info
	// Unfinished is how many messages wait, or are taken and not acknowledged or done.
	Unfinished int
	// Getters, Putters and Joiners are how many calls wait.
	Getters, Putters, Joiners int
	// Bytes is what all these take of MaxBytes.
	Bytes, MaxBytes int64
}

// Info looks at the queue.
func (q *Queue[T]) Info() (QueueInfo, error) {
	k, r, err := q.attempt(inherit, wire.QueueInfo, nil, -1, nil)
	if err != nil {
		return QueueInfo{}, err
	}
	defer k.free()
	var i QueueInfo
	i.Len, i.Cap, i.Unfinished = int(r.Uint()), int(r.Uint()), int(r.Uint())
	i.Bytes, i.MaxBytes = r.Int(), r.Int()
	i.Puts, i.Gets, i.Redelivered, i.HighWater = r.Uint(), r.Uint(), r.Uint(), int(r.Uint())
	i.Getters, i.Putters, i.Joiners = int(r.Uint()), int(r.Uint()), int(r.Uint())
	i.Getting, i.Putting, i.Joining = i.Getters > 0, i.Putters > 0, i.Joiners > 0
	i.Closed = r.Bool()
	return i, r.End()
}

// Len is how many messages wait to be taken; 0 also if the server does not tell: see Info.
func (q *Queue[T]) Len() int {
	i, _ := q.Info()
	return i.Len
}

// Cap is how many messages the queue has room for, 0 if that is not limited, or if the server
// does not tell. Messages that are taken do not count, so those of them that come back can
// make Len larger.
func (q *Queue[T]) Cap() int {
	i, _ := q.Info()
	return i.Cap
}
