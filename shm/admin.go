package shm

import (
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
