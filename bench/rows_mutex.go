package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func mutexRows() []benchmark {
	const pthread = "pthread robust process-shared"
	return []benchmark{
		{name: "mutex/uncontended", unit: "ns", scale: 1, peer: "sync.Mutex", target: 1.6, start: uncontended},
		{name: "mutex/uncontended-pthread", unit: "ns", scale: 1, peer: pthread, target: 0.8, start: uncontendedC},
		{name: "mutex/contended-2proc", unit: "ns", scale: 1, peer: pthread, start: contended},
		{name: "death/handover", unit: "ms", scale: 1e6, peer: "budget", budget: 2, target: 1, fixed: 1, start: handover},
	}
}

func uncontended(l *lab) (runner, runner, error) {
	m, err := shsync.NewMutex()
	if err != nil {
		return nil, nil, err
	}
	l.later(func() { m.Close() })
	std := new(sync.Mutex)
	return timed(func(n int) { lockOurs(m, n) }), timed(func(n int) { lockPeer(std, n) }), nil
}

//go:noinline
func lockOurs(m *shsync.Mutex, n int) {
	for range n {
		if m.Lock() != nil || m.Unlock() != nil {
			panic("bench: lock")
		}
	}
}

//go:noinline
func lockPeer(m *sync.Mutex, n int) {
	for range n {
		m.Lock()
		m.Unlock() //lint:ignore SA2001 the cost of an empty section is what is measured
	}
}

func uncontendedC(l *lab) (runner, runner, error) {
	ours, _, err := uncontended(l)
	if err != nil {
		return nil, nil, err
	}
	peer, err := l.pthread()
	if err != nil {
		return nil, nil, err
	}
	w, err := l.work(exec.Command(peer, filepath.Join(l.dir, "pthread-one")))
	if err != nil {
		return nil, nil, err
	}
	return ours, w.run, nil
}

// contended: two processes, both at it, a counter inside.
func contended(l *lab) (runner, runner, error) {
	m, counter, err := l.lockAndCounter()
	if err != nil {
		return nil, nil, err
	}
	text, err := m.MarshalText()
	if err != nil {
		return nil, nil, err
	}
	var ours [2]*worker
	for i := range ours {
		if ours[i], err = l.child("lock", string(text), counter); err != nil {
			return nil, nil, err
		}
	}
	peer, err := l.pthread()
	if errors.Is(err, errLeftOut) {
		return together(ours[0], ours[1]), nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var theirs [2]*worker
	for i := range theirs {
		if theirs[i], err = l.work(exec.Command(peer, filepath.Join(l.dir, "pthread-two"))); err != nil {
			return nil, nil, err
		}
	}
	return together(ours[0], ours[1]), together(theirs[0], theirs[1]), nil
}

// lockAndCounter makes a lock, and a counter whose handle is returned as text.
func (l *lab) lockAndCounter() (*shsync.Mutex, string, error) {
	m, err := shsync.NewMutex()
	if err != nil {
		return nil, "", err
	}
	l.later(func() { m.Close() })
	seg, err := shm.Default()
	if err != nil {
		return nil, "", err
	}
	o, err := seg.NewObject("", counterSpec(), nil)
	if err != nil {
		return nil, "", err
	}
	l.later(func() { o.Close() })
	text, err := shm.EncodeText(o)
	return m, string(text), err
}

func counterSpec() shm.Spec {
	t, err := shm.TypeOf[uint64]()
	if err != nil {
		panic(err)
	}
	return shm.Spec{Kind: shm.KindArray, Type: t, Count: 1}
}

// lockChild counts under the lock, without an atomic.
func lockChild(args []string) (runner, error) {
	m := new(shsync.Mutex)
	if err := m.UnmarshalText([]byte(args[0])); err != nil {
		return nil, err
	}
	var o *shm.Object
	err := shm.DecodeText([]byte(args[1]), func(h shm.Handle) (err error) {
		o, err = shm.OpenHandle(h, counterSpec())
		return err
	})
	if err != nil {
		return nil, err
	}
	counter := shm.Items[uint64](o)
	return timed(func(n int) {
		for range n {
			if m.Lock() != nil {
				panic("bench: lock")
			}
			counter[0]++
			m.Unlock()
		}
	}), nil
}

// handover: a process that holds the lock is killed; one that sleeps gets it. The
// cost is the time from kill(2) to the end of Lock.
func handover(l *lab) (runner, runner, error) {
	m, err := shsync.NewMutex()
	if err != nil {
		return nil, nil, err
	}
	l.later(func() { m.Close() })
	text, err := m.MarshalText()
	if err != nil {
		return nil, nil, err
	}
	return func(n int) (total float64, err error) {
		for range n {
			ns, err := l.killHolder(m, string(text))
			if err != nil {
				return 0, err
			}
			total += ns
		}
		return total, nil
	}, nil, nil
}

func (l *lab) killHolder(m *shsync.Mutex, text string) (float64, error) {
	w, err := l.child("hold", text)
	if err != nil {
		return 0, err
	}
	type result struct {
		err error
		at  time.Time
	}
	got := make(chan result)
	go func() {
		err := m.Lock()
		got <- result{err, time.Now()}
	}()
	for !m.Info().Waiters {
		time.Sleep(100 * time.Microsecond)
	}
	begin := time.Now()
	if err := w.cmd.Process.Kill(); err != nil {
		return 0, err
	}
	r := <-got
	if !errors.Is(r.err, shsync.ErrOwnerDied) {
		return 0, fmt.Errorf("locking after the kill: %w", r.err)
	}
	return float64(r.at.Sub(begin)), errors.Join(m.MarkConsistent(), m.Unlock())
}

func holdChild(args []string) (runner, error) {
	m := new(shsync.Mutex)
	if err := m.UnmarshalText([]byte(args[0])); err != nil {
		return nil, err
	}
	return func(int) (float64, error) { return 0, nil }, m.Lock()
}

//go:embed peer/pthread.c
var pthreadSource []byte

// pthread builds the C peer.
func (l *lab) pthread() (string, error) {
	cc := ""
	for _, name := range []string{"cc", "gcc", "clang"} {
		if path, err := exec.LookPath(name); err == nil {
			cc = path
			break
		}
	}
	if cc == "" {
		return "", fmt.Errorf("%w: no C compiler found", errLeftOut)
	}
	source, program := filepath.Join(l.dir, "pthread.c"), filepath.Join(l.dir, "pthread")
	if err := os.WriteFile(source, pthreadSource, 0o600); err != nil {
		return "", err
	}
	if out, err := exec.Command(cc, "-O2", "-pthread", "-o", program, source).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cc, err, out)
	}
	return program, nil
}
