package main

import (
	"path/filepath"
	"strconv"
	"time"

	"shmkit/shm"
	"shmkit/value"
)

func segmentRows() []benchmark {
	return []benchmark{
		{name: "segment/open", unit: "µs", scale: 1e3, peer: "budget", budget: 150, target: 1, start: openSegment},
		{name: "segment/create", unit: "µs", scale: 1e3, peer: "budget", budget: 1000, start: createSegment},
		{name: "handle/attach", unit: "µs", scale: 1e3, peer: "budget", budget: 150, start: attachHandle},
	}
}

var benchmarks = append(append(append(mutexRows(), valueRows()...), arrayRows()...), segmentRows()...)

// openSegment opens and closes a segment that another process has attached.
func openSegment(l *lab) (runner, runner, error) {
	path := filepath.Join(l.dir, "open")
	seg, err := shm.Create(path)
	if err != nil {
		return nil, nil, err
	}
	if _, err := l.child("attach", path); err != nil {
		return nil, nil, err
	}
	if err := seg.Close(); err != nil {
		return nil, nil, err
	}
	return func(n int) (total float64, err error) {
		for range n {
			begin := time.Now()
			seg, err := shm.Open(path)
			total += float64(time.Since(begin))
			if err != nil {
				return 0, err
			}
			if err := seg.Close(); err != nil {
				return 0, err
			}
		}
		return total, nil
	}, nil, nil
}

func attachChild(args []string) (runner, error) {
	_, err := shm.Open(args[0])
	return func(int) (float64, error) { return 0, nil }, err
}

func createSegment(l *lab) (runner, runner, error) {
	count := 0
	return func(n int) (total float64, err error) {
		for range n {
			count++
			path := filepath.Join(l.dir, "create-"+strconv.Itoa(count))
			begin := time.Now()
			seg, err := shm.Create(path)
			total += float64(time.Since(begin))
			if err != nil {
				return 0, err
			}
			if err := seg.Close(); err != nil {
				return 0, err
			}
			if err := shm.Remove(path); err != nil {
				return 0, err
			}
		}
		return total, nil
	}, nil, nil
}

// attachHandle opens a Value by the text of its handle, in a process that has the
// segment mapped.
func attachHandle(l *lab) (runner, runner, error) {
	v, err := value.New(1.5)
	if err != nil {
		return nil, nil, err
	}
	l.later(func() { v.Close() })
	text, err := v.MarshalText()
	if err != nil {
		return nil, nil, err
	}
	return func(n int) (float64, error) {
		begin := time.Now()
		for range n {
			w := new(value.Value[float64])
			if err := w.UnmarshalText(text); err != nil {
				return 0, err
			}
			if err := w.Close(); err != nil {
				return 0, err
			}
		}
		return float64(time.Since(begin)), nil
	}, nil, nil
}
