package model_test

import (
	"errors"
	"testing"

	"shmkit/internal/model"
)

// count is two processes that add 1 to a number, by a load and a store.
type count struct {
	N    int
	Seen [2]int
	At   [2]int // 0 before the load, 1 before the store, 2 done
}

func (c count) steps(emit func(int, string, count)) {
	for who := range c.At {
		next := c
		next.At[who]++
		switch c.At[who] {
		case 0:
			next.Seen[who] = c.N
			emit(who, "load", next)
		case 1:
			next.N = c.Seen[who] + 1
			emit(who, "store", next)
		}
	}
}

func (c count) swapped() count {
	if c.At[0] > c.At[1] || c.At[0] == c.At[1] && c.Seen[0] > c.Seen[1] {
		c.At[0], c.At[1] = c.At[1], c.At[0]
		c.Seen[0], c.Seen[1] = c.Seen[1], c.Seen[0]
	}
	return c
}

var errLost = errors.New("an increment is lost")

// The explorer finds the lost update, by a shortest history, and with exchanged
// names too.
func TestExplore(t *testing.T) {
	sys := model.System[count]{
		Steps: count.steps,
		Law: func(c count) error {
			if c.At == [2]int{2, 2} && c.N != 2 {
				return errLost
			}
			return nil
		},
	}
	for _, same := range []func(count) count{nil, count.swapped} {
		sys.Same = same
		result, broken := sys.Explore(1000)
		if broken == nil || broken.Law != errLost || len(broken.Trace) != 4 {
			t.Fatalf("%v: %v", result, broken)
		}
		if last := broken.Trace[3].Then; last.N != 1 || last.At != [2]int{2, 2} {
			t.Errorf("the history ends in %v", last)
		}
		if broken.Trace[0].What != "load" || broken.Trace[1].What != "load" {
			t.Errorf("not the history: %v", broken)
		}
	}
	sys.Law = func(count) error { return nil }
	sys.Same = nil
	// 3 by 3 positions; what the second loaded and the sum depend on the order.
	result, broken := sys.Explore(1000)
	if broken != nil || !result.Whole || result.Depth != 4 || result.States != 13 {
		t.Errorf("%v whole %v, %v", result, result.Whole, broken)
	}
	if result, _ := sys.Explore(5); result.Whole || result.States != 5 {
		t.Errorf("with a limit of 5: %v", result)
	}
}
