package crash

import "golang.org/x/sys/unix"

var systemCall = []byte{0x01, 0x00, 0x00, 0xd4} // SVC #0

func programCounter(r *unix.PtraceRegs) uint64 { return r.Pc }

func framePointer(r *unix.PtraceRegs) uint64 { return r.Regs[29] }

// callNumber is the number of the system call that the thread is in.
func callNumber(r *unix.PtraceRegs) uint64 { return r.Regs[8] }

// nextCall is the number of the system call that the instruction at hand makes, if it
// makes one.
func nextCall(r *unix.PtraceRegs) uint64 { return r.Regs[8] }

// callArgument is an argument as it was at the entry, but for the first, which the
// result replaces.
func callArgument(r *unix.PtraceRegs, i int) uint64 { return r.Regs[i] }

func callResult(r *unix.PtraceRegs) int64 { return int64(r.Regs[0]) }

// prepareCall makes the next instruction, at pc, the system call nr.
func prepareCall(r *unix.PtraceRegs, pc, nr uint64, args [3]uint64) {
	r.Pc, r.Regs[8] = pc, nr
	copy(r.Regs[:3], args[:])
}
