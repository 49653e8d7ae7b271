// Package cheader writes what follows from package layout: the C header, the
// byte tables of docs/format.md, the fingerprint and the compile-time asserts.
//
// The model: package layout is the one source of truth. This package reads its
// structs by reflection (names, offsets, widths) and its source text for the
// comments (meaning, writer), and returns the text of each derived file. Its test
// compares the files of the tree with that text, so a stale one fails the tests
// on any machine; with -write it rewrites them.
//
// Guarantees: the text depends on nothing but package layout. Every exported
// constant and every field of layout is in the C header; the test tells which one
// is missing.
//
// What it does not do: it cannot be run while the asserts that it wrote itself
// stop the build, as they are meant to when a field moved. For an intended change
// of the format delete internal/layout/asserts_unsafe.go first.
//
//	go test ./internal/cheader          // compare
//	go test ./internal/cheader -write   // write
package cheader

//go:generate go test . -write
