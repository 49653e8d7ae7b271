// Package model tries every interleaving of a small system, to prove laws that a
// test of the real thing can only sample.
//
// The model: a [System] is a set of states that can be compared, and a function
// that gives every state which one atomic step of anybody leads to. Death at any
// instant, a restart and a spurious wake-up are steps like others. The algorithm
// under proof is not written again: the steps call the transition functions that
// the programs call; see package word.
//
// Guarantees: [System.Explore] visits each state that can be reached, once, nearest
// first, and checks the laws there. What it reports first is a shortest history
// that breaks one.
//
// What it does not do: it proves nothing about what is not a step, such as the
// order of two loads that the model makes one.
//
//	sys := model.System[state]{Start: state{}, Steps: steps, Law: law}
//	result, broken := sys.Explore(1 << 24)
//	if broken != nil { t.Fatal(broken) }
package model
