package main

import (
	"sync/atomic"

	shsync "shmkit/sync"
)

func semaphoreRows() []benchmark {
	return []benchmark{
		{name: "semaphore/uncontended", unit: "ns", scale: 1, peer: "sync/atomic, -1 and +1", target: 1.5, start: uncontendedSemaphore},
	}
}

func uncontendedSemaphore(l *lab) (contest, error) {
	s, err := shsync.NewSemaphore(1)
	if err != nil {
		return contest{}, err
	}
	l.later(func() { s.Close() })
	b := newBox[atomic.Int32]()
	b.word.Store(1)
	return between(timed(func(n int) { acquireOurs(s, n) }), timed(func(n int) { acquirePeer(b, n) }))
}

// acquireOurs looks at the errors, as every caller has to.
//
//go:noinline
func acquireOurs(s *shsync.Semaphore, n int) {
	for range n {
		if s.Acquire() != nil || s.Release() != nil {
			panic("bench: a semaphore that nobody else has does not work")
		}
	}
}

//go:noinline
func acquirePeer(b *box[atomic.Int32], n int) {
	for range n {
		b.word.Add(-1)
		b.word.Add(1)
	}
}
