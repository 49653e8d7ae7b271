package sys

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The functions of package unix for these calls allocate for an address that sockets of a
// stream do not have, and tell the scheduler of Go of a call that waits for nothing. That is
// only needed for one that copies much.
const much = 16 << 10

// receive is recvmsg without waiting.
func receive(fd int, p, control []byte) (n, got, flags int, errno syscall.Errno) {
	iov := unix.Iovec{Base: unsafe.SliceData(p)}
	iov.SetLen(len(p))
	msg := unix.Msghdr{Iov: &iov}
	msg.SetIovlen(1)
	if len(control) > 0 {
		msg.Control = unsafe.SliceData(control)
		msg.SetControllen(len(control))
	}
	var r uintptr
	if len(p) > much {
		r, _, errno = syscall.Syscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	} else {
		r, _, errno = syscall.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(control)
	if errno != 0 {
		return 0, 0, 0, errno
	}
	return int(r), int(msg.Controllen), int(msg.Flags), 0
}

// send is sendmsg of one or two parts without waiting.
func send(fd int, a, b []byte) (n int, errno syscall.Errno) {
	iov := [2]unix.Iovec{{Base: unsafe.SliceData(a)}, {Base: unsafe.SliceData(b)}}
	iov[0].SetLen(len(a))
	iov[1].SetLen(len(b))
	msg := unix.Msghdr{Iov: &iov[0]}
	msg.SetIovlen(len(iov))
	var r uintptr
	if len(a)+len(b) > much {
		r, _, errno = syscall.Syscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	} else {
		r, _, errno = syscall.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	}
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
	if errno != 0 {
		return 0, errno
	}
	return int(r), 0
}
