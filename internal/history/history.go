package history

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"

	"shmkit/internal/sys"
)

// Open is the output of an operation that has not returned.
const Open = "?"

// Kill is the input of the operation that is the death of a client.
const Kill = "killed"

// Op is one operation. In and Out are words of the state machine.
type Op struct {
	Client       int
	In, Out      string
	Call, Return int64 // CLOCK_MONOTONIC, ns
}

// Do runs f as an operation of client, and says when it began and ended. f gives its
// output, one line.
func Do(say func(...any), client int, in string, f func() string) {
	say("call", client, sys.Monotonic(), in)
	out := f()
	say("return", client, sys.Monotonic(), out)
}

// History is what the clients have said. The zero value is empty. One goroutine uses
// it at a time; one process.
type History struct {
	ops  []Op
	open map[int]int // index of the operation that each client is in
}

// Add takes one line of Do. It panics if the line is none, or of an operation that
// was not called.
func (h *History) Add(line string) {
	var what string
	var client int
	var at int64
	if _, err := fmt.Sscan(line, &what, &client, &at); err != nil {
		panic(fmt.Sprintf("history: %q: %v", line, err))
	}
	words := strings.SplitN(line, " ", 4)[3]
	if what == "call" {
		if h.open == nil {
			h.open = map[int]int{}
		}
		h.open[client] = len(h.ops)
		h.ops = append(h.ops, Op{client, words, Open, at, math.MaxInt64})
		return
	}
	i, ok := h.open[client]
	if !ok {
		panic(fmt.Sprintf("history: %q without a call", line))
	}
	delete(h.open, client)
	h.ops[i].Out, h.ops[i].Return = words, at
}

// Kill records that client was killed between the times from and to.
func (h *History) Kill(client int, from, to int64) {
	h.ops = append(h.ops, Op{client, Kill, "", from, to})
}

// Ops are the operations, in the order of their calls.
func (h *History) Ops() []Op {
	ops := slices.Clone(h.ops)
	slices.SortFunc(ops, func(a, b Op) int {
		if a.Call < b.Call {
			return -1
		}
		return 1
	})
	return ops
}

// Unfinished counts the operations that have not returned.
func (h *History) Unfinished() int { return len(h.open) }

// Machine is a state machine: whether op, with its output, is possible in state, and
// which state it leads to. States are compared by ==. The output of an operation that
// has not returned is [Open]; it agrees with everything.
type Machine[S comparable] func(state S, op Op) (possible bool, next S)

// Check is nil if the history is linearizable, starting from state.
func Check[S comparable](h *History, step Machine[S], start S) error {
	model := porcupine.Model{
		Init: func() any { return start },
		Step: func(state, in, _ any) (bool, any) {
			ok, next := step(state.(S), in.(Op))
			return ok, next
		},
	}
	var all []porcupine.Operation
	for i, op := range h.ops {
		id := op.Client
		if op.In == Kill {
			id = 1000 + i // it overlaps what the client was doing
		}
		all = append(all, porcupine.Operation{ClientId: id, Input: op, Call: op.Call, Return: op.Return})
	}
	if porcupine.CheckOperations(model, all) {
		return nil
	}
	var b strings.Builder
	for _, op := range h.Ops() {
		fmt.Fprintf(&b, "\n%d..%d client %d: %s = %s", op.Call, op.Return, op.Client, op.In, op.Out)
	}
	return fmt.Errorf("history: %d operations have no order:%s", len(h.ops), b.String())
}
