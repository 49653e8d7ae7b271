package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// errLeftOut is returned by a start that this machine cannot do.
var errLeftOut = errors.New("bench: left out")

// lab runs benchmarks, one after the other.
type lab struct {
	dir     string // for segments and programs; removed by close
	quick   bool
	samples int
	sample  time.Duration // how long one sample should take
	atEnd   []func()
	tidier  *worker

	mu      sync.Mutex // guards what follows; nothing waits while it is held
	workers []*worker  // of the running row
	stalled bool       // and so they were killed

	interrupts chan os.Signal
}

func newLab(quick bool) (*lab, error) {
	l, err := newLabIn("/dev/shm", quick)
	if err != nil {
		l, err = newLabIn("", quick)
	}
	return l, err
}

func newLabIn(parent string, quick bool) (*lab, error) {
	dir, err := os.MkdirTemp(parent, "shmkit-bench-")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	l := &lab{dir: dir, samples: 21, sample: 25 * time.Millisecond, interrupts: make(chan os.Signal, 1)}
	if quick {
		l.quick, l.samples, l.sample = true, 3, 3*time.Millisecond
	}
	if err := l.keepTidy(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	signal.Notify(l.interrupts, os.Interrupt)
	go l.tidyUp()
	return l, nil
}

// keepTidy starts who removes the folder if this process is killed.
func (l *lab) keepTidy() error {
	cmd, err := command("tidy", l.dir)
	if err == nil {
		l.tidier, err = start(cmd)
	}
	return err
}

// tidyUp ends the process if it is interrupted. Children are interrupted too.
func (l *lab) tidyUp() {
	if _, ok := <-l.interrupts; ok {
		os.RemoveAll(l.dir)
		os.Exit(130) // as shells have it: 128 + SIGINT
	}
}

func (l *lab) close() {
	signal.Stop(l.interrupts)
	close(l.interrupts)
	os.RemoveAll(l.dir)
	l.tidier.kill()
}

// later makes f run when the running row ends; the last one that was added runs
// first.
func (l *lab) later(f func()) { l.atEnd = append(l.atEnd, f) }

func (l *lab) endRow() {
	for _, f := range slices.Backward(l.atEnd) {
		f()
	}
	l.atEnd = nil
}

// rowTime is how long a row may take: several times as long as any does.
const rowTime = 2 * time.Minute

var errStalled = errors.New("bench: the row took too long")

// stall ends a row that hangs, because one of its workers waits for what will not come.
func (l *lab) stall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalled = true
	for _, w := range l.workers {
		w.cmd.Process.Kill() // its answer ends then
	}
}

// wasStalled tells whether the row that ends was, and forgets its workers.
func (l *lab) wasStalled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.stalled
	l.workers, l.stalled = nil, false
	return was
}

// measure runs one row, and ends what it has started.
func (l *lab) measure(b benchmark) (row, error) {
	timer := time.AfterFunc(rowTime, l.stall)
	r, err := l.run(b)
	timer.Stop()
	l.endRow()
	if l.wasStalled() {
		err = errors.Join(errStalled, err)
	}
	return r, err
}

func (l *lab) run(b benchmark) (row, error) {
	r := row{Name: b.name, Unit: b.unit, Peer: b.peer, Target: b.target, Series: b.series}
	c, err := b.start(l)
	if errors.Is(err, errLeftOut) || errors.Is(err, syscall.ENOSPC) {
		r.LeftOut = err.Error()
		return r, nil
	}
	if err != nil {
		return r, err
	}
	runtime.GC() // so that none of what start left is collected within a sample
	costs, err := l.compare(b, c)
	if err != nil {
		return r, err
	}
	if b.limit != 0 {
		costs[1] = []float64{b.limit}
	}
	r.fill(costs[0], costs[1])
	if c.finish != nil {
		r.Note, err = c.finish()
	}
	return r, err
}

// compare takes samples of both sides alternately, so that a machine that becomes
// slower does so for both, and lets each side be first equally often.
func (l *lab) compare(b benchmark, c contest) (costs [2][]float64, err error) {
	sides := [2]runner{c.ours, c.peer}
	var counts [2]int
	for i, side := range sides {
		if side == nil {
			continue
		}
		if counts[i], err = l.calibrate(b, side); err != nil {
			return costs, err
		}
	}
	for k := range 2 * l.samplesOf(b) {
		i := (k + k/2) % 2 // 0 1 1 0 0 1 1 0 …
		if sides[i] == nil {
			continue
		}
		ns, err := sides[i](counts[i])
		if err != nil {
			return costs, err
		}
		costs[i] = append(costs[i], ns/float64(counts[i])/b.scale)
	}
	return costs, nil
}

func (l *lab) samplesOf(b benchmark) int {
	if b.samples != 0 && !l.quick {
		return b.samples
	}
	return l.samples
}

// calibrate finds how many operations take about one sample. It also warms up:
// what it measures is not part of the result.
func (l *lab) calibrate(b benchmark, side runner) (int, error) {
	if b.samples != 0 {
		_, err := side(1)
		return 1, err
	}
	sample := float64(l.sample) * float64(max(b.longer, 1))
	for n := 1; ; n *= 4 {
		ns, err := side(n)
		if err != nil {
			return 0, err
		}
		// Of a few operations it is mostly what it takes to begin and to end, which is much
		// with many processes.
		if few := n < 64 && ns < 4*sample; ns > sample/4 && !few {
			// On a busy machine a few operations may take long for once.
			again, err := side(n)
			if err != nil {
				return 0, err
			}
			if ns = min(ns, again); ns <= sample/4 {
				continue
			}
			return max(1, int(float64(n)*sample/ns)), nil
		}
	}
}

// timed is the runner that takes the time of f as a whole.
func timed(f func(n int)) runner {
	return func(n int) (float64, error) {
		begin := time.Now()
		f(n)
		return float64(time.Since(begin)), nil
	}
}

// repeated is the runner that calls f, which measures itself, n times.
func repeated(f func() (time.Duration, error)) runner {
	return func(n int) (float64, error) {
		var total time.Duration
		for range n {
			d, err := f()
			if err != nil {
				return 0, err
			}
			total += d
		}
		return float64(total), nil
	}
}
