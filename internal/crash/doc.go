// Package crash kills a process at a chosen instruction, to prove that nothing
// wedges or is lost.
//
// The model: a [Tracer] traces one thread of a child process with ptrace and lets
// it run one operation, from event to event: an event is an instruction that stored
// into bytes which processes share, a system call that they can notice, or a sleep.
// Shared memory is read-only for the traced process, so the processor itself stops it
// at each store. Between two events every instant looks the same to the others, so a
// kill right after each event, and one before the first, is a kill at every
// instruction. From an event the tracer can go on instruction by instruction, up to
// the next one.
//
// Guarantees: the operation is the real one, in a real process, and so are SIGKILL
// and SIGSTOP. What follows is checked by survivors in other processes. The tests
// of this package are the lab: a table of operations, each killed and frozen at
// every point.
//
// What it does not do: it does not see what other threads of the child do
// meanwhile; they must leave shared memory alone. It runs on Linux, amd64 and
// arm64, there from ARMv8.1 on: atomic operations made of a load and a store never
// succeed under a tracer that stops between the two.
//
//	t, err := crash.Attach(pid, tid)
//	err = t.Await(unix.SYS_GETPPID) // where the thread says that it begins
//	err = t.Guard(dir, "")
//	n, err := t.Run(17, over, nil) // until 17 events, or the operation is over
//	err = t.Kill()                 // and now look
package crash
