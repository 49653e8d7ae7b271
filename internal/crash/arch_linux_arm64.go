package crash

import "golang.org/x/sys/unix"

var systemCall = [4]byte{0x01, 0x00, 0x00, 0xd4} // SVC #0

func programCounter(r *unix.PtraceRegs) uint64 { return r.Pc }
