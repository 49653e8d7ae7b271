package shmtest

import (
	"os"
	"path/filepath"
	"syscall"
)

// tryLock takes a lock that the kernel gives back when this process ends.
func tryLock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// sweep removes the directories of test binaries that were killed. Whoever holds
// the lock on a directory lives.
func sweep(root string) {
	old, _ := filepath.Glob(filepath.Join(root, dirPattern+"*"))
	for _, path := range old {
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		if tryLock(f) {
			os.RemoveAll(path)
		}
		f.Close()
	}
}
