package main

import (
	"errors"
	"fmt"
	"time"

	shsync "shmkit/sync"
)

// settle is how long the waiter is left asleep before the holder is killed. The
// waiter looks by itself at growing intervals, which are longer than the limit of
// the row by then, so that looking cannot explain a good result.
const settle = 30 * time.Millisecond

func deathRows() []benchmark {
	return []benchmark{
		{name: "death/handover", unit: "ms", scale: 1e6, peer: limitPeer, limit: 2, target: 1, samples: 51, start: handover},
	}
}

// handover: a process that holds the lock is killed; a goroutine here that sleeps
// gets it. The cost is the time from before kill(2) to the end of Lock.
func handover(l *lab) (contest, error) {
	m, err := shsync.NewMutex()
	if err != nil {
		return contest{}, err
	}
	l.later(func() { m.Close() })
	text, err := m.MarshalText()
	if err != nil {
		return contest{}, err
	}
	return limited(repeated(func() (time.Duration, error) { return l.killHolder(m, string(text)) }))
}

func (l *lab) killHolder(m *shsync.Mutex, text string) (time.Duration, error) {
	w, err := l.child("hold", text)
	if err != nil {
		return 0, err
	}
	defer w.kill()
	type result struct {
		at  time.Time
		err error
	}
	locked := make(chan result, 1)
	go func() {
		err := m.Lock()
		locked <- result{time.Now(), err}
	}()
	for !m.Info().Waiters {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(settle)
	begin := time.Now()
	if err := w.cmd.Process.Kill(); err != nil {
		return 0, err
	}
	r := <-locked
	if !errors.Is(r.err, shsync.ErrOwnerDied) {
		return 0, fmt.Errorf("bench: Lock after the kill: %w", r.err)
	}
	return r.at.Sub(begin), errors.Join(m.MarkConsistent(), m.Unlock())
}

func holdChild(args []string) (role, error) {
	m := new(shsync.Mutex)
	if err := m.UnmarshalText([]byte(args[0])); err != nil {
		return nil, err
	}
	return still, m.Lock()
}
