package crash

import "golang.org/x/sys/unix"

var systemCall = []byte{0x0f, 0x05} // SYSCALL

func programCounter(r *unix.PtraceRegs) uint64 { return r.Rip }

func framePointer(r *unix.PtraceRegs) uint64 { return r.Rbp }

// callNumber is the number of the system call that the thread is in.
func callNumber(r *unix.PtraceRegs) uint64 { return r.Orig_rax }

// nextCall is the number of the system call that the instruction at hand makes, if it
// makes one.
func nextCall(r *unix.PtraceRegs) uint64 { return r.Rax }

func callArgument(r *unix.PtraceRegs, i int) uint64 {
	return [...]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}[i]
}

func callResult(r *unix.PtraceRegs) int64 { return int64(r.Rax) }

// prepareCall makes the next instruction, at pc, the system call nr. The kernel
// must not take it for one that it has to restart.
func prepareCall(r *unix.PtraceRegs, pc, nr uint64, args [3]uint64) {
	r.Rip, r.Rax, r.Orig_rax = pc, nr, ^uint64(0)
	r.Rdi, r.Rsi, r.Rdx = args[0], args[1], args[2]
}
