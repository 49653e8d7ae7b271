// Command tour shows what shmkit does, across real processes: a Value and an
// Array that a child changes, goroutines and processes whose lines a Mutex keeps
// apart, an Event and a Semaphore that let them in two at a time, twenty that work
// through a small queue, two that talk over a pipe, a pool that squares numbers, what
// happens when the holder of a Mutex is killed, a C program that reads and changes the
// same memory, and a server process whose objects others change, from a child and from
// another program over tcp.
//
// The model: a child is this program again, which runs one function, with handles of
// shared objects in its argument.
//
// It prints what it shows and exits with status 1 when anything differs from what
// it should be. Without a C compiler the C part says so and is left out.
//
//	go run ./examples/tour
package main
