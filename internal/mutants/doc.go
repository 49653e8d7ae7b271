// Package mutants checks the tests: it plants bugs, one at a time, and looks that a
// test finds each.
//
// The model: a mutant is data, a file and a fragment of its text with what the bug
// makes of it, and the go test command that has to fail. The tree is not changed:
// the go command gets the other text by -overlay.
//
// Guarantees: that the command passes without the bug is tested first. A mutant that
// does not compile is no proof and counts as one that survived; so does a command
// that runs no test. A hang counts only if the test's own watchdog or the timeout of
// go test ended it, and is called a hang.
//
// It does not find bugs, and it does not say that the list is long enough: only that
// these mistakes cannot come back unseen. Where the window of a bug is a few
// nanoseconds wide the mutant widens it, and says so.
//
//	go test ./internal/mutants                 # every mutant applies and compiles
//	go test -v ./internal/mutants -full        # every mutant is caught; prints the table
//	go test -v ./internal/mutants -full -only wake
package mutants
