// Package pipe gives connections: messages from one process to another, whole and in
// order, over shared memory.
package pipe
