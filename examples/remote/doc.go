// Command remote shows objects at a manager that two machines share: a dict, a list, queues and
// a lock, over tcp with TLS out of a key, and what happens when the cable is pulled while a
// program holds the lock.
//
// The model: a machine is a network namespace, and the cable a pair of veth devices. On the
// first one are the server and a program, on the second one another program. That squares
// numbers for the first one, locks the lock, and is cut off. The server counts it as dead, and
// the lock comes to the program that waits for it, which is told. When the cable is plugged in
// again the program that was cut off dials again, and sees what was done in between.
//
// It needs Linux, ip(8), and the right to make network namespaces: root, or user namespaces.
// Without, it says so and exits with status 0. It exits with status 1 when anything differs
// from what it should be. It takes about five seconds.
//
//	go run ./examples/remote
package main
