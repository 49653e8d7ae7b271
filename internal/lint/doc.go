// Package lint holds tests that read the source of this module and refuse what
// its rules refuse.
//
// The model: one file per rule. A rule is a table of policy at the top of the
// file, with a reason for each entry, and a test that walks the parsed tree. To
// make an exception is to add a line to the table and a reason to the line.
//
// Guarantees: every .go file is looked at, whatever its build tags, tests and
// nested modules included. No tool outside the Go distribution is needed.
//
// What it does not do: it does not judge taste. Files and functions that are
// merely long are printed with -v and refused only beyond a hard stop. It does
// not look into testdata.
//
//	go test ./internal/lint           # check
//	go test ./internal/lint -v        # and print what is long
//	go test ./internal/lint -write    # renew the tests column of docs/conformance.md
package lint
