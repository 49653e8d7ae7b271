package crash

import "golang.org/x/sys/unix"

var systemCall = [2]byte{0x0f, 0x05} // SYSCALL

func programCounter(r *unix.PtraceRegs) uint64 { return r.Rip }
