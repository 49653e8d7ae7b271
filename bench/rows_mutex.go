package main

import (
	"os/exec"
	"path/filepath"
	"sync"

	shsync "shmkit/sync"
)

const pthreadPeer = "pthread robust, process-shared"

func mutexRows() []benchmark {
	return []benchmark{
		{name: "mutex/uncontended", unit: "ns", scale: 1, peer: "sync.Mutex", target: 1.6, start: uncontended},
		{name: "mutex/uncontended-pthread", unit: "ns", scale: 1, peer: pthreadPeer, target: 0.8, start: uncontendedC},
		{name: "mutex/contended-2proc", unit: "ns", scale: 1, peer: pthreadPeer, target: 1, start: contended},
	}
}

// stdLock keeps the peer's lock apart from what else is on the heap.
type stdLock struct {
	_  [128]byte
	mu sync.Mutex
	_  [128]byte
}

func uncontended(l *lab) (contest, error) {
	m, err := shsync.NewMutex()
	if err != nil {
		return contest{}, err
	}
	l.later(func() { m.Close() })
	std := new(stdLock)
	return between(timed(func(n int) { lockOurs(m, n) }), timed(func(n int) { lockPeer(&std.mu, n) }))
}

// uncontendedC compares with a C program that locks by itself.
func uncontendedC(l *lab) (contest, error) {
	c, err := uncontended(l)
	if err != nil {
		return c, err
	}
	program, err := l.compile("pthread.c")
	if err != nil {
		return c, err
	}
	w, err := l.work(exec.Command(program, filepath.Join(l.dir, "pthread-alone"), "alone"))
	if err != nil {
		return c, err
	}
	return between(c.ours, w.run)
}

// lockOurs looks at the errors, as every caller has to; sync.Mutex has none.
//
//go:noinline
func lockOurs(m *shsync.Mutex, n int) {
	for range n {
		if m.Lock() != nil || m.Unlock() != nil {
			panic("bench: a lock that nobody else has does not work")
		}
	}
}

//go:noinline
func lockPeer(m *sync.Mutex, n int) {
	for range n {
		m.Lock()
		//lint:ignore SA2001 an empty section is what is measured
		m.Unlock()
	}
}
