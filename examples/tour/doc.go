// Command tour shows what shmkit does, across real processes: a Value and an
// Array that a child changes, a Mutex that keeps the lines of several processes
// apart, an Event and a Semaphore that let them in two at a time, twenty that work
// through a small queue, two that talk over a pipe, what happens when the holder of
// a Mutex is killed, and a C program that reads and changes the same memory.
//
// The model: this program starts itself again for each child, with a role and the
// handles of the shared objects as arguments.
//
// It prints what it shows and exits with status 1 when anything differs from what
// it should be. Without a C compiler the C part says so and is left out.
//
//	go run ./examples/tour
package main
