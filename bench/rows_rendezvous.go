package main

import (
	"os/exec"
	"path/filepath"

	shsync "shmkit/sync"
)

const barrierPeer = "pthread barrier, process-shared"

func rendezvousRows() []benchmark {
	return []benchmark{
		{name: "event/wait-set", unit: "ns", scale: 1, peer: limitPeer, limit: 3, target: 1, start: waitSet},
		{name: "barrier/2proc", unit: "ns", scale: 1, peer: barrierPeer, target: 1, start: barriers},
	}
}

// waitSet waits for an event that is set.
func waitSet(l *lab) (contest, error) {
	e, err := shsync.NewEvent()
	if err != nil {
		return contest{}, err
	}
	l.later(func() { e.Close() })
	if err := e.Set(); err != nil {
		return contest{}, err
	}
	return limited(timed(func(n int) { waitOften(e, n) }))
}

//go:noinline
func waitOften(e *shsync.Event, n int) {
	for range n {
		if e.Wait() != nil {
			panic("bench: an event that is set does not let pass")
		}
	}
}

// barriers: two processes come to one barrier n times. The cost is the wall time of
// a generation.
func barriers(l *lab) (contest, error) {
	b, err := shsync.NewBarrier(2)
	if err != nil {
		return contest{}, err
	}
	l.later(func() { b.Close() })
	text, err := b.MarshalText()
	if err != nil {
		return contest{}, err
	}
	ours, err := newPair([2]string{}, func(string) (*worker, error) { return l.child("come", string(text)) })
	if err != nil {
		return contest{}, err
	}
	program, err := l.compile("barrier.c")
	if err != nil {
		return contest{}, err
	}
	path := filepath.Join(l.dir, "barrier-shared")
	theirs, err := newPair([2]string{}, func(string) (*worker, error) { return l.work(exec.Command(program, path)) })
	if err != nil {
		return contest{}, err
	}
	return between(ours.run, theirs.run)
}

// comeChild comes to a barrier as often as it is asked to.
func comeChild(args []string) (role, error) {
	var b shsync.Barrier
	if err := b.UnmarshalText([]byte(args[0])); err != nil {
		return nil, err
	}
	return func(n int) (string, error) {
		for range n {
			if _, err := b.Wait(); err != nil {
				return "", err
			}
		}
		return "done", nil
	}, nil
}

// run is the runner of both together, who come to the barrier n times.
func (p pair) run(n int) (float64, error) {
	cost, err := p.together(n, isDone)
	return float64(cost), err
}
