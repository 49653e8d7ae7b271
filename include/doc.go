// Package include carries the C header files of shmkit, for Go programs that
// compile C programs.
//
// The model: shmkit.h and the files that it includes are all that a C or C++
// program needs to use a segment; they are described in docs/c.md. This package
// embeds them, so that a Go program can write them next to C source of its own,
// and its tests compile and run them against Go.
//
// Guarantees: the files are the ones of this version of the module.
// shmkit_layout.h is generated from package layout and carries its fingerprint, so
// a C program compiled with other files refuses the segments of this one.
//
// What it does not do: it runs no compiler.
//
//	dir := t.TempDir()
//	os.CopyFS(dir, include.Files)
//	cmd := exec.Command("cc", "-std=gnu11", "-I", dir, "-o", program, source, "-pthread")
package include
