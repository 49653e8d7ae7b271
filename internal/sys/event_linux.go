package sys

import (
	"encoding/binary"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// rung is the value of an eventfd that nothing can be added to, so that it becomes
// writable when somebody has read it.
const rung = ^uint64(0) - 1

// Event makes an eventfd that is not readable. It does not survive exec.
func Event() (*os.File, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	return os.NewFile(uintptr(fd), "eventfd"), nil
}

// RingEvent makes an eventfd readable, and not writable, until somebody reads it.
func RingEvent(fd int) error {
	for {
		_, err := unix.Write(fd, binary.NativeEndian.AppendUint64(nil, rung))
		switch err {
		case nil:
			return nil
		case unix.EAGAIN: // somebody else has written
			if err := ClearEvent(fd); err != nil {
				return err
			}
		case unix.EINTR:
		default:
			return os.NewSyscallError("write", err)
		}
	}
}

// ClearEvent makes an eventfd not readable. It does not wait, also where somebody else has
// made the descriptor a blocking one.
func ClearEvent(fd int) error {
	var b [8]byte
	for {
		_, err := unix.Preadv2(fd, [][]byte{b[:]}, -1, unix.RWF_NOWAIT)
		if (err == unix.EOPNOTSUPP || err == unix.ENOSYS) && Readable(fd) {
			_, err = unix.Read(fd, b[:])
		}
		switch err {
		case nil, unix.EAGAIN, unix.EOPNOTSUPP, unix.ENOSYS:
			return nil
		case unix.EINTR:
		default:
			return os.NewSyscallError("read", err)
		}
	}
}

// Readable tells whether reading from fd would not wait, also because it fails.
func Readable(fd int) bool { return polled(fd, unix.POLLIN) }

// Writable is Readable for writing.
func Writable(fd int) bool { return polled(fd, unix.POLLOUT) }

func polled(fd int, events int16) bool {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, 0)
		if err != unix.EINTR {
			return n != 0 || err != nil
		}
	}
}

// Watchman makes a descriptor that is readable while fd is, and that the runtime can wait
// for whatever the flags of fd are. It is nil where fd is always readable, as regular files
// are.
func Watchman(fd int) (*os.File, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN})
	if err == nil {
		err = unix.SetNonblock(ep, true) // else the runtime takes it for one that it cannot wait for
	}
	if err == nil {
		return os.NewFile(uintptr(ep), "epoll"), nil
	}
	unix.Close(ep)
	if errors.Is(err, unix.EPERM) {
		return nil, nil
	}
	return nil, os.NewSyscallError("epoll_ctl", err)
}

// Duplicate is another descriptor of the same open file. It does not survive exec.
func Duplicate(fd int, name string) (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
