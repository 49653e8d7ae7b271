// Package crash kills a process at a chosen instruction, to prove that nothing
// wedges or is lost.
//
// The model: a [Stepper] traces one thread of a child process with ptrace and lets
// it run one named operation, instruction by instruction. After each instruction
// it looks whether the bytes that processes share have changed, and before each
// whether it enters the kernel. Those are the events: between two of them every
// instant looks the same to the others, so a kill right after each event is a kill
// at every instruction.
//
// Guarantees: the operation is the real one, in a real process, and so is
// SIGKILL. What follows is checked by a survivor in another process.
//
// It does not see what other threads of the child do meanwhile. It runs on Linux,
// amd64 and arm64.
//
//	s, err := crash.Attach(tid, shared)
//	events, ended, err := s.Run(17, over) // until 17 events, or the operation is over
//	// now kill the process and look
package crash
