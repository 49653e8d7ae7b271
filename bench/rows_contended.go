package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"shmkit/array"
	shsync "shmkit/sync"
)

var errLost = errors.New("bench: something was lost")

// contended: two processes add to a plain counter under one lock, until both
// together have done n additions. So both are at it to the end, however unfair the
// lock is. The cost is the wall time of an addition.
func contended(l *lab) (contest, error) {
	ours, err := contendOurs(l)
	if err != nil {
		return contest{}, err
	}
	theirs, err := contendPthread(l)
	if err != nil {
		return contest{}, err
	}
	return contest{ours: ours.run, peer: theirs.run, finish: func() (string, error) {
		return fmt.Sprintf("the lock went to the other process every %.0f operations, the peer's every %.0f",
			ours.stint(), theirs.stint()), nil
	}}, nil
}

func contendOurs(l *lab) (*rivals, error) {
	m, err := shsync.NewMutex()
	if err != nil {
		return nil, err
	}
	l.later(func() { m.Close() })
	a, err := array.New[uint64](cells)
	if err != nil {
		return nil, err
	}
	l.later(func() { a.Close() })
	lock, err := m.MarshalText()
	if err != nil {
		return nil, err
	}
	counter, err := a.MarshalText()
	if err != nil {
		return nil, err
	}
	return newRivals(func(me string) (*worker, error) {
		return l.child("contend", me, string(lock), string(counter))
	})
}

func contendPthread(l *lab) (*rivals, error) {
	program, err := l.compile("pthread.c")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(l.dir, "pthread-rivals")
	return newRivals(func(me string) (*worker, error) { return l.work(exec.Command(program, path, me)) })
}

// The cells of the array that the rivals share.
const (
	count = iota // additions so far
	last         // who added last
	cells
)

// contendChild adds until the counter has the value that it is asked for. It
// answers with its own additions, and how often it was not the last one who had
// added.
func contendChild(args []string) (role, error) {
	var m shsync.Mutex
	var a array.Array[uint64]
	if err := errors.Join(m.UnmarshalText([]byte(args[1])), a.UnmarshalText([]byte(args[2]))); err != nil {
		return nil, err
	}
	me, s := uint64(args[0][0]), a.Slice()
	return func(goal int) (string, error) {
		mine, turns := addUntil(&m, s, me, uint64(goal))
		return fmt.Sprint(mine, turns), nil
	}, nil
}

func addUntil(m *shsync.Mutex, s []uint64, me, goal uint64) (mine, turns int) {
	for {
		if m.Lock() != nil {
			panic("bench: the lock does not work")
		}
		if s[count] >= goal {
			m.Unlock()
			return mine, turns
		}
		s[count]++
		mine++
		if s[last] != me {
			s[last] = me
			turns++
		}
		m.Unlock()
	}
}

// rivals are two workers that share a lock and a counter.
type rivals struct {
	pair
	goal  int // value of the counter so far
	turns int
}

func newRivals(start func(me string) (*worker, error)) (*rivals, error) {
	p, err := newPair([2]string{"a", "b"}, start)
	return &rivals{pair: p}, err
}

// run is the runner of both. It fails if an addition was lost: then the lock let
// both in at once.
func (r *rivals) run(n int) (float64, error) {
	r.goal += n
	sum := 0
	cost, err := r.together(r.goal, func(line string) error {
		var mine, turns int
		_, err := fmt.Sscan(line, &mine, &turns)
		sum += mine
		r.turns += turns
		return err
	})
	if err != nil {
		return 0, err
	}
	if sum != n {
		return 0, fmt.Errorf("%w: %d were made, %d counted", errLost, sum, n)
	}
	return float64(cost), nil
}

// stint is how many operations a process does before the other one gets the lock.
func (r *rivals) stint() float64 { return float64(r.goal) / float64(max(1, r.turns)) }
