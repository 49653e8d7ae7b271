package main

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"

	"shmkit/array"
	shsync "shmkit/sync"
)

const pthreadCondPeer = "pthread cond, process-shared"

func condRows() []benchmark {
	return []benchmark{
		{name: "cond/handoff", unit: "µs", scale: 1e3, peer: pthreadCondPeer, target: 1, start: handoff},
	}
}

// handoff: two processes take turns, each waits on one condition for its own. The cost
// is the wall time of a turn.
func handoff(l *lab) (contest, error) {
	ours, err := handoffOurs(l)
	if err != nil {
		return contest{}, err
	}
	program, err := l.compile("cond.c")
	if err != nil {
		return contest{}, err
	}
	path := filepath.Join(l.dir, "pthread-cond")
	theirs, err := newTurns(func(me string) (*worker, error) { return l.work(exec.Command(program, path, me)) })
	if err != nil {
		return contest{}, err
	}
	return between(ours.run, theirs.run)
}

func handoffOurs(l *lab) (*turns, error) {
	m, err := shsync.NewMutex()
	if err != nil {
		return nil, err
	}
	l.later(func() { m.Close() })
	c, err := shsync.NewCond(m)
	if err != nil {
		return nil, err
	}
	l.later(func() { c.Close() })
	a, err := array.New[uint64](1)
	if err != nil {
		return nil, err
	}
	l.later(func() { a.Close() })
	cond, err := c.MarshalText()
	if err != nil {
		return nil, err
	}
	turn, err := a.MarshalText()
	if err != nil {
		return nil, err
	}
	return newTurns(func(me string) (*worker, error) { return l.child("handoff", me, string(cond), string(turn)) })
}

// handoffChild takes its turns until there were as many as it is asked for.
func handoffChild(args []string) (role, error) {
	var c shsync.Cond
	var a array.Array[uint64]
	if err := errors.Join(c.UnmarshalText([]byte(args[1])), a.UnmarshalText([]byte(args[2]))); err != nil {
		return nil, err
	}
	me, s := uint64(args[0][0]-'0'), a.Slice()
	return func(goal int) (string, error) { return "done", takeTurns(&c, s, me, uint64(goal)) }, nil
}

func takeTurns(c *shsync.Cond, s []uint64, me, goal uint64) error {
	m := c.Mutex()
	for {
		if err := m.Lock(); err != nil {
			return err
		}
		err := c.WaitFor(context.Background(), func() bool { return s[0] >= goal || s[0]%2 == me })
		over := s[0] >= goal
		if !over {
			s[0]++
		}
		if err := errors.Join(err, c.Notify(1), m.Unlock()); err != nil || over {
			return err
		}
	}
}

// turns are two workers that take turns.
type turns struct {
	pair
	goal int
}

func newTurns(start func(me string) (*worker, error)) (*turns, error) {
	p, err := newPair([2]string{"0", "1"}, start)
	return &turns{pair: p}, err
}

// run is the runner of both.
func (t *turns) run(n int) (float64, error) {
	t.goal += n
	cost, err := t.together(t.goal, isDone)
	return float64(cost), err
}
