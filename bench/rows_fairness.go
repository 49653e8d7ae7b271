package main

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"shmkit/array"
	shsync "shmkit/sync"
)

const (
	fairProcesses = 4
	fairSeconds   = 10
	fairBuckets   = 40 // of powers of two of a nanosecond
	// Who was quicker has not slept, and so is no waiter: a wake-up alone takes longer.
	fairShortest = 16 * time.Microsecond
)

// Where the lock is held for a moment only, the longest wait is a few ticks of the
// scheduler: four processes that never rest on fewer cores. So that row has no target.
func fairnessRows() []benchmark {
	return []benchmark{
		{name: "mutex/longest-wait-4proc", unit: "ms", scale: 1e6, peer: "median wait, lock held for 100 µs each time",
			target: 100, samples: 1, start: fairness(100 * time.Microsecond)},
		{name: "mutex/longest-wait-4proc-brief", unit: "ms", scale: 1e6, peer: "median wait, lock held for an addition",
			samples: 1, start: fairness(0)},
	}
}

// waits are how long those waited who slept.
type waits struct {
	buckets [fairBuckets]int // by the length of the number of nanoseconds
	longest time.Duration
}

func (w *waits) add(d time.Duration) {
	if d < fairShortest {
		return
	}
	w.buckets[min(bits.Len64(uint64(max(d, 0))), fairBuckets-1)]++
	w.longest = max(w.longest, d)
}

// fairness: four processes, on however many cores there are, want one lock all the
// time, for ten seconds, and hold it so long. The longest that anybody waited is compared
// with the median.
func fairness(hold time.Duration) func(l *lab) (contest, error) {
	return func(l *lab) (contest, error) { return fairnessOf(l, hold) }
}

func fairnessOf(l *lab, hold time.Duration) (contest, error) {
	m, err := shsync.NewMutex()
	if err != nil {
		return contest{}, err
	}
	l.later(func() { m.Close() })
	a, err := array.New[uint64](cells)
	if err != nil {
		return contest{}, err
	}
	l.later(func() { a.Close() })
	lock, err1 := m.MarshalText()
	counter, err2 := a.MarshalText()
	if err := errors.Join(err1, err2); err != nil {
		return contest{}, err
	}
	var all [fairProcesses]*worker
	for i := range all {
		if all[i], err = l.child("wait", string(lock), string(counter), hold.String()); err != nil {
			return contest{}, err
		}
	}
	var sum waits
	run := func(int) (float64, error) {
		sum = waits{}
		length := fairSeconds * time.Second
		if l.quick {
			length /= 20
		}
		err := gatherWaits(all[:], length, &sum)
		return float64(sum.longest), err
	}
	return contest{ours: run, peer: func(int) (float64, error) { return float64(sum.median()), nil },
		finish: func() (string, error) { return sum.String(), nil }}, nil
}

func gatherWaits(all []*worker, length time.Duration, sum *waits) error {
	for _, w := range all {
		if err := w.ask(int(length)); err != nil {
			return err
		}
	}
	for _, w := range all {
		line, err := w.answer()
		if err != nil {
			return err
		}
		if err := sum.read(line); err != nil {
			return err
		}
	}
	return nil
}

// waitChild takes the lock again and again for as many nanoseconds as it is asked for,
// and answers with its waits.
func waitChild(args []string) (role, error) {
	var m shsync.Mutex
	var a array.Array[uint64]
	if err := errors.Join(m.UnmarshalText([]byte(args[0])), a.UnmarshalText([]byte(args[1]))); err != nil {
		return nil, err
	}
	hold, err := time.ParseDuration(args[2])
	if err != nil {
		return nil, err
	}
	s := a.Slice()
	return func(length int) (string, error) {
		var w waits
		for end := time.Now().Add(time.Duration(length)); time.Now().Before(end); {
			if ok, err := m.TryLock(); err != nil {
				return "", err
			} else if !ok {
				begin := time.Now()
				if err := m.Lock(); err != nil {
					return "", err
				}
				w.add(time.Since(begin))
			}
			s[count]++
			for begin := time.Now(); hold > 0 && time.Since(begin) < hold; {
			}
			if err := m.Unlock(); err != nil {
				return "", err
			}
		}
		return w.line(), nil
	}, nil
}

// line and read are the waits on their way between processes.
func (w *waits) line() string {
	words := []string{strconv.Itoa(int(w.longest))}
	for _, n := range w.buckets {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, " ")
}

func (w *waits) read(line string) error {
	for i, word := range strings.Fields(line) {
		n, err := strconv.Atoi(word)
		switch {
		case err != nil:
			return err
		case i == 0:
			w.longest = max(w.longest, time.Duration(n))
		case i <= fairBuckets:
			w.buckets[i-1] += n
		}
	}
	return nil
}

// median is the middle of the bucket in which the median is.
func (w *waits) median() time.Duration {
	total, seen := 0, 0
	for _, n := range w.buckets {
		total += n
	}
	for i, n := range w.buckets {
		if seen += n; 2*seen >= total && n > 0 {
			return time.Duration(3<<i) / 4
		}
	}
	return 0
}

// String is the distribution.
func (w *waits) String() string {
	var words []string
	for i, n := range w.buckets {
		if n > 0 {
			words = append(words, fmt.Sprintf("≤%v: %d", (time.Duration(1)<<i).Round(time.Nanosecond), n))
		}
	}
	return "waits " + strings.Join(words, ", ")
}
