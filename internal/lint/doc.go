// Package lint holds the laws of the source tree, as tests.
//
// The model: each test walks all packages of the module and reports every place
// that breaks one law: who may import whom, where unsafe and system calls may
// stand, one package doc each, documented names, sizes, error texts, conformance
// ids that no test names.
//
// The tables are policy, not a record of what is: a new edge is added here first,
// with its reason.
//
//	go test ./internal/lint
//	go test ./internal/lint -write // writes the test column of docs/conformance.md
package lint
