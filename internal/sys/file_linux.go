package sys

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// CreateTemp makes a file without a name in dir; Link gives it one. perm is not
// subject to the umask.
func CreateTemp(dir string, perm uint32) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, perm)
	if err != nil {
		return nil, &os.PathError{Op: "create in", Path: dir, Err: err}
	}
	f := os.NewFile(uintptr(fd), dir)
	if err := unix.Fchmod(fd, perm); err != nil {
		f.Close()
		return nil, &os.PathError{Op: "chmod in", Path: dir, Err: err}
	}
	return f, nil
}

// Link gives a file of CreateTemp its name. It fails with fs.ErrExist if the name
// is taken.
func Link(f *os.File, path string) error {
	from := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	if err := unix.Linkat(unix.AT_FDCWD, from, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW); err != nil {
		return &os.PathError{Op: "link", Path: path, Err: err}
	}
	return nil
}

// Allocate makes sure that n bytes at off have storage, and extends the file to
// them. It fails with ENOSPC now, so that no access fails with SIGBUS later.
func Allocate(f *os.File, off, n int64) error {
	for {
		switch err := unix.Fallocate(int(f.Fd()), 0, off, n); err {
		case nil:
			return nil
		case unix.EINTR:
		default:
			return &os.PathError{Op: "allocate", Path: f.Name(), Err: err}
		}
	}
}

// OpenFile opens a regular file. It follows no symbolic link at the end of the
// path and does not wait for the peer of a pipe.
func OpenFile(path string, write bool) (*os.File, error) {
	flags := unix.O_RDONLY
	if write {
		flags = unix.O_RDWR
	}
	f, err := os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("sys: %s is no regular file: %w", path, fs.ErrInvalid)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Stat tells the size of f in bytes, its storage in units of 512 bytes, the
// number of its names, its identity and its owner.
func Stat(f *os.File) (size, blocks512 int64, nlink uint64, ino, dev uint64, uid uint32, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return 0, 0, 0, 0, 0, 0, &os.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return st.Size, st.Blocks, uint64(st.Nlink), st.Ino, st.Dev, st.Uid, nil
}
