package model

import (
	"fmt"
	"strings"
)

// System is what Explore explores. A state is a value that == compares.
type System[S comparable] struct {
	Start S
	// Steps calls emit for each state that one atomic step leads to. who and what
	// name the step.
	Steps func(s S, emit func(who int, what string, next S))
	// Law is nil where all laws hold.
	Law func(s S) error
	// Same, if not nil, gives one state for all those that differ only in the names
	// of who is who. One of them is explored for all.
	Same func(s S) S
}

// Result counts what Explore has seen.
type Result struct {
	States int  // distinct states, up to Same
	Steps  int  // steps from one to another, or to itself
	Depth  int  // steps of the longest shortest history
	Whole  bool // there are no other states
}

// String is the counts, for logs.
func (r Result) String() string {
	return fmt.Sprintf("%d states, %d steps, depth %d", r.States, r.Steps, r.Depth)
}

// Broken is a shortest history that breaks a law.
type Broken[S comparable] struct {
	Law   error
	Trace []Step[S]
}

// Step is one step of a history.
type Step[S comparable] struct {
	Who  int
	What string
	Then S
}

// Error is the history, a line a step.
func (b *Broken[S]) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%v, after %d steps:", b.Law, len(b.Trace))
	for i, x := range b.Trace {
		fmt.Fprintf(&s, "\n%3d  %d %-28s %v", i+1, x.Who, x.What, x.Then)
	}
	return s.String()
}

// search is one run of Explore. Its states are numbered as they are found, so that
// nearer ones come first.
type search[S comparable] struct {
	*System[S]
	number map[S]uint32
	states []S
	from   []uint32 // the state that led to this one
	depth  []uint32
}

// Explore visits the states that can be reached from Start, at most limit of them.
func (m *System[S]) Explore(limit int) (Result, *Broken[S]) {
	x := &search[S]{System: m, number: map[S]uint32{}}
	result := Result{Whole: true}
	x.add(x.same(m.Start), 0, 0)
	for i := 0; i < len(x.states); i++ {
		s, depth := x.states[i], x.depth[i]
		result.Depth = int(depth)
		if err := m.Law(s); err != nil {
			result.States = len(x.states)
			return result, &Broken[S]{err, x.trace(uint32(i))}
		}
		m.Steps(s, func(_ int, _ string, next S) {
			result.Steps++
			if next = x.same(next); !x.known(next) {
				if len(x.states) == limit {
					result.Whole = false
					return
				}
				x.add(next, uint32(i), depth+1)
			}
		})
	}
	result.States = len(x.states)
	return result, nil
}

func (x *search[S]) same(s S) S {
	if x.Same == nil {
		return s
	}
	return x.Same(s)
}

func (x *search[S]) known(s S) bool {
	_, ok := x.number[s]
	return ok
}

func (x *search[S]) add(s S, from, depth uint32) {
	x.number[s] = uint32(len(x.states))
	x.states = append(x.states, s)
	x.from = append(x.from, from)
	x.depth = append(x.depth, depth)
}

// trace walks from Start to state number i. The states that were kept may have
// their names exchanged from one to the next; the walk keeps those of Start.
func (x *search[S]) trace(i uint32) []Step[S] {
	path := []uint32{}
	for ; i != 0; i = x.from[i] {
		path = append(path, i)
	}
	now := x.Start
	steps := make([]Step[S], 0, len(path))
	for k := len(path) - 1; k >= 0; k-- {
		want, found := x.states[path[k]], false
		x.Steps(now, func(who int, what string, next S) {
			if !found && x.same(next) == want {
				found = true
				steps = append(steps, Step[S]{who, what, next})
			}
		})
		now = steps[len(steps)-1].Then
	}
	return steps
}
