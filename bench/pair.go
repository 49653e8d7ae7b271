package main

import (
	"fmt"
	"time"
)

// pair are two workers that work on the same at the same time.
type pair [2]*worker

// newPair starts both, by their names.
func newPair(names [2]string, start func(me string) (*worker, error)) (p pair, err error) {
	for i, me := range names {
		if p[i], err = start(me); err != nil {
			return p, err
		}
	}
	return p, nil
}

// together is crew.together of both.
func (p pair) together(n int, read func(line string) error) (time.Duration, error) {
	return crew(p[:]).together(n, read)
}

// crew are workers that work on the same at the same time.
type crew []*worker

// together asks all for n, and gives the time until all have answered. Each answer is
// passed to read.
func (c crew) together(n int, read func(line string) error) (time.Duration, error) {
	begin := time.Now()
	for _, w := range c {
		if err := w.ask(n); err != nil {
			return 0, err
		}
	}
	for _, w := range c {
		line, err := w.answer()
		if err == nil {
			err = read(line)
		}
		if err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

// sharing is the runner of all, of whom so many do n operations together.
func (c crew) sharing(parts int) runner {
	return func(n int) (float64, error) {
		cost, err := c.together((n+parts-1)/parts, isDone)
		return float64(cost), err
	}
}

// isDone reads the answer of a worker that has nothing to tell.
func isDone(line string) error {
	if line != "done" {
		return fmt.Errorf("%w: it said %q", errWorker, line)
	}
	return nil
}
