//go:build linux && (amd64 || arm64)

package crash

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// faultAddress is where the access went that the thread is to get SIGSEGV for.
func (t *Tracer) faultAddress() (uint64, error) {
	var info [128]byte // siginfo_t, si_addr at 16
	if err := ptrace(unix.PTRACE_GETSIGINFO, t.tid, 0, uintptr(unsafe.Pointer(&info))); err != nil {
		return 0, fmt.Errorf("crash: signal: %w", err)
	}
	return binary.LittleEndian.Uint64(info[16:]), nil
}
