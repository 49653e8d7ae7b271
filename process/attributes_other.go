//go:build !linux

package process

import (
	"os"
	"syscall"
)

// attributes are the default.
func attributes(daemon, group bool, fd *int) *syscall.SysProcAttr { return nil }

// itself is the file that this process was started from, as far as it is known.
func itself() string {
	if path, err := os.Executable(); err == nil {
		return path
	}
	return os.Args[0]
}

// descriptor is nil.
func descriptor(fd int) *os.File { return nil }
