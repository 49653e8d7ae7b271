package sys

import (
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Self is a descriptor of this process: whoever gets it can wait for the end of the
// process, in whatever PID namespace it is.
func Self() (*os.File, error) {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return nil, os.NewSyscallError("pidfd_open", err)
	}
	return Pollable(fd, "process "+strconv.Itoa(os.Getpid()))
}

// Pollable is a File of a descriptor that the runtime waits for, which it then owns.
func Pollable(fd int, name string) (*os.File, error) {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// SocketID tells the sockets of this system apart that are open at a time: it is 0 if fd is
// none.
func SocketID(fd int) uint64 {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return 0
	}
	return st.Ino
}

// Ended tells of the descriptor of a process whether that has ended, with all its threads.
func Ended(fd int) bool {
	for {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(p, 0)
		if err != unix.EINTR {
			return err == nil && n > 0
		}
	}
}

// MemoryFile is a file without a name, in memory.
func MemoryFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// SocketPair is two connected stream sockets.
func SocketPair() (a, b *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "parent's end"), os.NewFile(uintptr(fds[1]), "child's end"), nil
}

// Affinity is the set of CPUs that the calling thread may run on.
type Affinity unix.CPUSet

// SetAffinity makes the calling thread, and whatever it starts, run on cpus alone. It
// gives what was before. An empty list changes nothing.
func SetAffinity(cpus []int) (before Affinity, err error) {
	var old, set unix.CPUSet
	if len(cpus) == 0 {
		return before, nil
	}
	if err := unix.SchedGetaffinity(0, &old); err != nil {
		return before, os.NewSyscallError("sched_getaffinity", err)
	}
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	return Affinity(old), os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &set))
}

// Restore undoes a SetAffinity.
func (a Affinity) Restore() error {
	set := unix.CPUSet(a)
	if set.Count() == 0 {
		return nil
	}
	return os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &set))
}

// LimitData is the limit of private memory that can be written, in bytes.
const LimitData = unix.RLIMIT_DATA

// SetLimit sets both values of a resource limit of this process.
func SetLimit(resource int, value uint64) error {
	return os.NewSyscallError("setrlimit", unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value}))
}

// WakeAtEndOfParent makes the kernel let this process continue, if it is stopped, when the
// thread ends that started it. It must be called on the first thread, and replaces what the
// kernel was told to do to it before.
func WakeAtEndOfParent() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGCONT), 0, 0, 0))
}

// AwaitEnd waits until Ended, with a thread.
func AwaitEnd(fd int) {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if n > 0 || err != nil && err != unix.EINTR {
			return
		}
	}
}

// CloseInherited closes every descriptor above 2 that came through exec, but for those that
// keep says. What was opened since then is marked to be closed at exec, and stays.
func CloseInherited(keep func(fd int) bool) {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, entry := range list {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= 2 || keep(fd) {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
}

// CloseOnExec marks fd to be closed at exec.
func CloseOnExec(fd int) { unix.CloseOnExec(fd) }

// Exec makes this process run another program. It returns only if that fails.
func Exec(path string, args, env []string) error {
	runtime.LockOSThread()
	return os.NewSyscallError("execve", unix.Exec(path, args, env))
}

// Signal sends a signal to a process, or to the group -pid, without asking whether it still
// is the one that is meant.
func Signal(pid int, signal os.Signal) error {
	s, ok := signal.(unix.Signal)
	if !ok {
		return os.NewSyscallError("kill", unix.EINVAL)
	}
	return os.NewSyscallError("kill", unix.Kill(pid, s))
}
