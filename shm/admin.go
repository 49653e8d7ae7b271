package shm

import (
	"errors"

	"shmkit/internal/layout"
	"shmkit/internal/sys"
)

// admin runs f under LockAdmin: at most one process, and one goroutine of it,
// changes the name directory or grows the segment. If the process dies inside, the
// kernel releases the lock; every change made under it is one store at a time,
// valid after each. It fails without f if the kernel does not give the lock.
func (v *view) admin(f func() error) error {
	v.adminMu.Lock()
	defer v.adminMu.Unlock()
	if err := sys.Lock(v.fd, layout.LockAdmin, 1); err != nil {
		return err
	}
	defer sys.Unlock(v.fd, layout.LockAdmin, 1)
	return f()
}

// errBusy: somebody is in the directory.
var errBusy = errors.New("shm: the directory is locked")

// adminNow is admin that does not wait: it fails with errBusy. It is for those who
// can leave the work to another, and must not depend on a process that is stopped.
func (v *view) adminNow(f func() error) error {
	if !v.adminMu.TryLock() {
		return errBusy
	}
	defer v.adminMu.Unlock()
	ok, err := sys.TryLock(v.fd, layout.LockAdmin, 1)
	if err != nil {
		return err
	}
	if !ok {
		return errBusy
	}
	defer sys.Unlock(v.fd, layout.LockAdmin, 1)
	return f()
}
