package main

import (
	"strconv"
	"sync"

	shsync "shmkit/sync"
)

func rwmutexRows() []benchmark {
	return []benchmark{
		{name: "rwmutex/rlock", unit: "ns", scale: 1, peer: "sync.RWMutex", start: rlockAlone},
		{name: "rwmutex/rlock-2proc", unit: "ns", scale: 1, peer: "the same, 1 process", target: 1.2, start: rlockTwo},
	}
}

// stdRWLock keeps the peer's lock apart from what else is on the heap.
type stdRWLock struct {
	_  [128]byte
	mu sync.RWMutex
	_  [128]byte
}

func rlockAlone(l *lab) (contest, error) {
	rw, err := newRW(l)
	if err != nil {
		return contest{}, err
	}
	std := new(stdRWLock)
	return between(timed(func(n int) { readOurs(rw, n) }), timed(func(n int) { readPeer(&std.mu, n) }))
}

func newRW(l *lab) (*shsync.RWMutex, error) {
	rw, err := shsync.NewRWMutex()
	if err == nil {
		l.later(func() { rw.Close() })
	}
	return rw, err
}

// rlockTwo: two processes read at once, n times each. The cost is the processor time of
// one of them, so that it does not matter who else is running; the peer is one alone.
func rlockTwo(l *lab) (contest, error) {
	rw, err := newRW(l)
	if err != nil {
		return contest{}, err
	}
	text, err := rw.MarshalText()
	if err != nil {
		return contest{}, err
	}
	var pair [2]*worker
	for i := range pair {
		if pair[i], err = l.child("read", string(text)); err != nil {
			return contest{}, err
		}
	}
	return between(func(n int) (float64, error) {
		if err := pair[1].ask(n); err != nil {
			return 0, err
		}
		cost, err := pair[0].run(n)
		if err != nil {
			return 0, err
		}
		_, err = pair[1].answer()
		return cost, err
	}, pair[0].run)
}

// readChild reads as often as it is told, and answers with the nanoseconds of processor
// time.
func readChild(args []string) (role, error) {
	rw := new(shsync.RWMutex)
	if err := rw.UnmarshalText([]byte(args[0])); err != nil {
		return nil, err
	}
	return func(n int) (string, error) {
		begin := processorTime()
		readOurs(rw, n)
		return strconv.FormatInt(processorTime()-begin, 10), nil
	}, nil
}

//go:noinline
func readOurs(rw *shsync.RWMutex, n int) {
	for range n {
		if rw.RLock() != nil || rw.RUnlock() != nil {
			panic("bench: a lock that nobody writes does not work")
		}
	}
}

//go:noinline
func readPeer(mu *sync.RWMutex, n int) {
	for range n {
		mu.RLock()
		//lint:ignore SA2001 an empty section is what is measured
		mu.RUnlock()
	}
}
