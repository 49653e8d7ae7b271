package main

import (
	"errors"
	"os"
	"slices"
	"time"
)

// runner does n operations and returns what all of them cost, in nanoseconds.
type runner func(n int) (float64, error)

// benchmark is one row before it is run.
type benchmark struct {
	name   string
	unit   string  // of ours and peer_value; the runners measure nanoseconds
	scale  float64 // nanoseconds per unit
	peer   string
	target float64 // ratio that is to be reached, 0 if none
	// budget is the fixed cost to compare with, in unit, if there is no peer runner.
	budget float64
	fixed  int // operations per sample; 0 to calibrate
	start  func(l *lab) (ours, peer runner, err error)
}

// errLeftOut is returned by a start that this machine cannot do.
var errLeftOut = errors.New("main: left out")

// lab runs benchmarks.
type lab struct {
	dir     string
	repeats int
	sample  time.Duration
	atEnd   []func()
}

func newLab(quick bool) (*lab, error) {
	dir, err := os.MkdirTemp("/dev/shm", "shmkit-bench-")
	if err != nil {
		dir, err = os.MkdirTemp("", "shmkit-bench-")
	}
	l := &lab{dir: dir, repeats: 21, sample: 25 * time.Millisecond}
	if quick {
		l.repeats, l.sample = 3, 3*time.Millisecond
	}
	return l, err
}

// later makes f run when the running benchmark ends.
func (l *lab) later(f func()) { l.atEnd = append(l.atEnd, f) }

func (l *lab) endRow() {
	for _, f := range slices.Backward(l.atEnd) {
		f()
	}
	l.atEnd = nil
}

func (l *lab) close() { os.RemoveAll(l.dir) }

// measure runs both sides alternately; which one comes first changes each time.
func (l *lab) measure(b benchmark) (row, error) {
	defer l.endRow()
	r := row{Name: b.name, Unit: b.unit, Peer: b.peer, Target: b.target}
	ours, peer, err := b.start(l)
	if errors.Is(err, errLeftOut) {
		r.Note = err.Error()
		return r, nil
	}
	if err != nil {
		return r, err
	}
	sides := []runner{ours, peer}
	costs := make([][]float64, 2)
	counts := make([]int, 2)
	for i, side := range sides {
		if side == nil {
			costs[i] = []float64{b.budget}
			continue
		}
		if counts[i], err = l.calibrate(b, side); err != nil {
			return r, err
		}
	}
	for rep := range l.repeats {
		for k := range sides {
			i := (k + rep) % 2
			if sides[i] == nil {
				continue
			}
			ns, err := sides[i](counts[i])
			if err != nil {
				return r, err
			}
			costs[i] = append(costs[i], ns/float64(counts[i])/b.scale)
		}
	}
	r.fill(costs[0], costs[1])
	return r, nil
}

// calibrate finds how many operations take about one sample, and warms up.
func (l *lab) calibrate(b benchmark, side runner) (int, error) {
	if b.fixed > 0 {
		_, err := side(1)
		return b.fixed, err
	}
	for n := 1; ; n *= 4 {
		ns, err := side(n)
		if err != nil {
			return 0, err
		}
		if ns > float64(l.sample)/4 {
			return max(1, int(float64(n)*float64(l.sample)/ns)), nil
		}
	}
}

// median of a list; the list is sorted by it.
func median(list []float64) float64 {
	slices.Sort(list)
	n := len(list)
	if n%2 == 1 {
		return list[n/2]
	}
	return (list[n/2-1] + list[n/2]) / 2
}

// quantile q of a sorted list.
func quantile(list []float64, q float64) float64 {
	return list[min(len(list)-1, int(q*float64(len(list))))]
}
