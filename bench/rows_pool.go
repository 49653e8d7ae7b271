package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"shmkit/pool"
	"shmkit/process"
)

const (
	poolPeer   = "Python's Pool(2)"
	pluginPeer = "hashicorp/go-plugin over gRPC"

	poolWorkers = 2
	manyItems   = 10000   // of a Map
	manyTasks   = 1000    // of a Map whose items are tasks
	longArg     = 1 << 20 // bytes
)

func poolRows() []benchmark {
	return []benchmark{
		{name: "pool/apply-rtt", unit: "µs", scale: 1e3, peer: poolPeer, target: 0.1, start: poolRow("apply", 1, applyOne)},
		{name: "pool/map-1-item-tasks", unit: "µs", scale: 1e3 * manyTasks, peer: poolPeer, target: 1.0 / 15,
			start: poolRow("map-1", manyTasks, mapped(manyTasks, pool.ChunkSize(1)))},
		{name: "pool/map", unit: "µs", scale: 1e3 * manyItems, peer: poolPeer, target: 1.0 / 3,
			start: poolRow("map", manyItems, mapped(manyItems))},
		{name: "pool/apply-1MiB", unit: "µs", scale: 1e3, peer: poolPeer, target: 0.1, start: poolRow("apply-bytes", longArg, applyLong())},
		{name: "pool/apply-go-plugin", unit: "µs", scale: 1e3, peer: pluginPeer, target: 0.2, start: besidePool(applyOne, goPlugin)},
		{name: "pool/for-64MiB", unit: "ms", scale: 1e6, peer: "one process, a heap slice", target: 1 / 1.7, start: forRow},
	}
}

var errWrong = errors.New("bench: a wrong result")

var square = process.RegisterFunc("square", func(_ context.Context, x int) (int, error) { return x * x, nil })

var ends = process.RegisterFunc("ends", func(_ context.Context, b []byte) (int, error) {
	return int(b[0]) + int(b[len(b)-1]), nil
})

// newPool is a pool whose workers are there.
func newPool(l *lab) (*pool.Pool, error) {
	p, err := pool.New(poolWorkers)
	if err != nil {
		return nil, err
	}
	stalled := time.AfterFunc(rowTime, p.Terminate)
	l.later(func() {
		stalled.Stop()
		p.Terminate()
		p.Join(context.Background())
	})
	for p.Stats().Done < manyTasks && err == nil {
		err = applyOne(p)
	}
	return p, err
}

// poolRow does something with a pool of ours, and with one of Python.
func poolRow(what string, items int, once func(*pool.Pool) error) func(*lab) (contest, error) {
	return besidePool(once, func(l *lab) (runner, error) { return l.python("peer/pool.py", what, fmt.Sprint(items)) })
}

// besidePool does something with a pool of ours, and lets a peer do it.
func besidePool(once func(*pool.Pool) error, peer func(*lab) (runner, error)) func(*lab) (contest, error) {
	return func(l *lab) (contest, error) {
		theirs, err := peer(l)
		if err != nil {
			return contest{}, err
		}
		p, err := newPool(l)
		if err != nil {
			return contest{}, err
		}
		return between(failing(func() error { return once(p) }), theirs)
	}
}

// goPlugin is a program of its own that has a plugin: see bench/plugin.
func goPlugin(l *lab) (runner, error) {
	program, err := l.program("plugin")
	if err != nil {
		return nil, err
	}
	w, err := l.work(exec.Command(program))
	if err != nil {
		return nil, err
	}
	return w.run, nil
}

// failing is the runner that calls f n times, unless it fails.
func failing(f func() error) runner {
	return func(n int) (ns float64, err error) {
		ns, _ = timed(func(n int) {
			for range n {
				if err = f(); err != nil {
					return
				}
			}
		})(n)
		return ns, err
	}
}

func applyOne(p *pool.Pool) error {
	got, err := pool.Apply(context.Background(), p, square, 7)
	if err == nil && got != 49 {
		err = errWrong
	}
	return err
}

func applyLong() func(p *pool.Pool) error {
	argument := bytes.Repeat([]byte{1}, longArg)
	return func(p *pool.Pool) error {
		got, err := pool.Apply(context.Background(), p, ends, argument)
		if err == nil && got != 2 {
			err = errWrong
		}
		return err
	}
}

func mapped(items int, options ...pool.CallOption) func(p *pool.Pool) error {
	numbers := make([]int, items)
	for i := range numbers {
		numbers[i] = i
	}
	return func(p *pool.Pool) error {
		squares, err := pool.Map(context.Background(), p, square, numbers, options...)
		for i, x := range squares {
			if x != i*i {
				return errWrong
			}
		}
		return err
	}
}
