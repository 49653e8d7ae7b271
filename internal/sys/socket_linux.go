package sys

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// RightsRoom is how many bytes of control data Receive needs to see the descriptors of
// one message, and that there were too many.
var RightsRoom = unix.CmsgSpace(4)

// Receive reads from a socket what is there, without waiting: again is true if there is
// nothing. Descriptors that come along are for the caller to close, and do not survive
// exec; cut says that some were lost because control has no room for them. n is 0 at the
// end of the stream.
func Receive(fd int, p, control []byte) (n int, fds []int, cut, again bool, err error) {
	for {
		n, got, flags, errno := receive(fd, p, control)
		switch errno {
		case 0:
			if got > 0 {
				fds = rights(control[:got])
			}
			return n, fds, flags&unix.MSG_CTRUNC != 0, false, nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, nil, false, true, unix.EAGAIN
		default:
			return 0, nil, false, false, errno
		}
	}
}

// Send writes to a socket what it takes of the concatenation of a and b, without waiting: n is
// 0 if that is nothing.
func Send(fd int, a, b []byte) (n int, err error) {
	for {
		n, errno := send(fd, a, b)
		switch errno {
		case 0:
			return n, nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, nil
		default:
			return 0, errno
		}
	}
}

// Unheard tells whether a tcp socket has sent something again, or asked whether somebody is
// there, without an answer; and how long ago the last answer to anything came.
func Unheard(fd int) (unheard bool, quiet time.Duration, err error) {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return false, 0, os.NewSyscallError("getsockopt", err)
	}
	return info.Retransmits > 0 || info.Probes > 0, time.Duration(info.Last_ack_recv) * time.Millisecond, nil
}

// rights lists the descriptors in control data of the kernel.
func rights(control []byte) (fds []int) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	for i := range messages {
		if more, err := unix.ParseUnixRights(&messages[i]); err == nil {
			fds = append(fds, more...)
		}
	}
	return fds
}

// Permit sets the permissions that the file of a unix socket gets when it is bound.
func Permit(fd int, perm uint32) error { return unix.Fchmod(fd, perm) }

// CloseAll closes descriptors that nobody wants.
func CloseAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// OpenLock opens a file that only stands for a lock, and makes it if it is not there. It
// follows no symbolic link at the end of the path.
func OpenLock(path string) (*os.File, error) {
	return os.OpenFile(path, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
}

// Rights is the control data that takes a descriptor along.
func Rights(fd int) []byte { return unix.UnixRights(fd) }
