package process

import (
	"os"
	"syscall"

	"shmkit/internal/sys"
)

// attributes are how the kernel is to start a process; its descriptor is stored in fd, or
// -1.
func attributes(daemon, group bool, fd *int) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{PidFD: fd, Setpgid: group}
	if daemon {
		a.Pdeathsig = syscall.SIGKILL
	}
	return a
}

// itself is the file that this process was started from.
func itself() string { return "/proc/self/exe" }

// descriptor is a File of what attributes stored; nil if the kernel has none.
func descriptor(fd int) *os.File {
	if fd < 0 {
		return nil
	}
	file, err := sys.Pollable(fd, "process")
	if err != nil {
		return nil
	}
	return file
}
