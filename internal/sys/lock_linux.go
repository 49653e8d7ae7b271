package sys

import "golang.org/x/sys/unix"

// TryLock takes an OFD write lock on n bytes at off, which may lie beyond the end
// of the file, and tells whether it got it. The lock belongs to the open file
// description behind fd: it goes when that is closed, after the last thread of
// the process is gone if it dies.
func TryLock(fd int, off, n int64) (bool, error) {
	err := fcntl(fd, unix.F_OFD_SETLK, unix.F_WRLCK, off, n)
	if err == unix.EAGAIN || err == unix.EACCES {
		return false, nil
	}
	return err == nil, err
}

// TryShare is TryLock for a read lock, which others may have too. It takes the place of a
// write lock that is held through fd, in one step.
func TryShare(fd int, off, n int64) (bool, error) {
	err := fcntl(fd, unix.F_OFD_SETLK, unix.F_RDLCK, off, n)
	if err == unix.EAGAIN || err == unix.EACCES {
		return false, nil
	}
	return err == nil, err
}

// Lock is TryLock that waits.
func Lock(fd int, off, n int64) error { return fcntl(fd, unix.F_OFD_SETLKW, unix.F_WRLCK, off, n) }

// Unlock gives the lock on n bytes at off back.
func Unlock(fd int, off, n int64) error { return fcntl(fd, unix.F_OFD_SETLK, unix.F_UNLCK, off, n) }

// Holder tells whether another open file description holds a lock in the n bytes
// at off, and which bytes the first such lock covers.
func Holder(fd int, off, n int64) (held bool, start, length int64, err error) {
	l := unix.Flock_t{Type: unix.F_WRLCK, Start: off, Len: n}
	if err := unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, &l); err != nil {
		return false, 0, 0, err
	}
	return l.Type != unix.F_UNLCK, l.Start, l.Len, nil
}

// Excludes tells whether another open file description holds a write lock in the n bytes at
// off.
func Excludes(fd int, off, n int64) bool {
	l := unix.Flock_t{Type: unix.F_RDLCK, Start: off, Len: n}
	return unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, &l) == nil && l.Type != unix.F_UNLCK
}

func fcntl(fd, cmd int, typ int16, off, n int64) error {
	for {
		l := unix.Flock_t{Type: typ, Start: off, Len: n}
		if err := unix.FcntlFlock(uintptr(fd), cmd, &l); err != unix.EINTR {
			return err
		}
	}
}
