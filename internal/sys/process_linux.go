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

// Random fills b with bytes that nobody can guess. It is crypto/rand for programs that begin
// often: the tables of that package are made in each of them.
func Random(b []byte) {
	for len(b) > 0 {
		n, err := unix.Getrandom(b, 0)
		if err != nil && err != unix.EINTR {
			panic("sys: getrandom: " + err.Error()) // Linux has it since 3.17
		}
		b = b[max(n, 0):]
	}
}

// HasInput waits until there is something to read from the descriptor conn, its end
// included, or the process of a descriptor has ended; it tells whether it is the first.
func HasInput(conn, process int) bool {
	for {
		p := []unix.PollFd{{Fd: int32(conn), Events: unix.POLLIN}, {Fd: int32(process), Events: unix.POLLIN}}
		n, err := unix.Poll(p, -1)
		if n > 0 || err != nil && err != unix.EINTR {
			return p[0].Revents != 0
		}
	}
}

// EndInput lets nothing more come in through a socket; what is there can be read.
func EndInput(socket *os.File) error {
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	failed := raw.Control(func(fd uintptr) { err = unix.Shutdown(int(fd), unix.SHUT_RD) })
	if failed != nil {
		return failed
	}
	return os.NewSyscallError("shutdown", err)
}

// MemoryFile is a file without a name, in memory.
func MemoryFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// SocketPair is two connected stream sockets, of which the runtime waits for the first.
func SocketPair() (a, b *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if a, err = Pollable(fds[0], "parent's end"); err != nil {
		unix.Close(fds[1])
		return nil, nil, err
	}
	return a, os.NewFile(uintptr(fds[1]), "child's end"), nil
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
	// Since Linux 6.2 the directory has a size, the number of descriptors. If those are all
	// among the first there is no need to list it, which takes longer than all else here.
	var st unix.Stat_t
	unix.Stat("/proc/self/fd", &st)
	for fd := range firstFiles {
		if closeInherited(fd, keep) {
			st.Size--
		}
	}
	if st.Size == 0 {
		return
	}
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, entry := range list {
		if fd, err := strconv.Atoi(entry.Name()); err == nil {
			closeInherited(fd, keep)
		}
	}
}

// firstFiles are the descriptors that a new process has, and some more.
const firstFiles = 32

// closeInherited is CloseInherited of one. It tells whether that was open.
func closeInherited(fd int, keep func(fd int) bool) (open bool) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err == nil && fd > 2 && flags&unix.FD_CLOEXEC == 0 && !keep(fd) {
		unix.Close(fd)
	}
	return err == nil
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
