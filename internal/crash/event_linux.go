//go:build linux && (amd64 || arm64)

package crash

import (
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// maxCallers is how many frames an event keeps.
const maxCallers = 24

// Event is something that others can notice, now or after the death of the process.
type Event struct {
	Callers []uintptr // addresses of the instructions, innermost first
	Call    uint64    // number of the system call; meaningless if Store
	Asleep  bool      // the thread sleeps in the system call
	Store   bool      // into shared bytes
	Place   string    // which, as "Struct.Field"
}

// String tells what happened.
func (e Event) String() string {
	switch {
	case e.Store:
		return e.Place
	case e.Asleep:
		return "asleep in " + callName(e.Call)
	}
	return callName(e.Call)
}

// Where is the innermost function of the program's own packages that was at it, by
// its name without the module. It is known for programs that have the code of this
// one, as a child of a test binary has.
func (e Event) Where() string {
	frames := runtime.CallersFrames(e.Callers)
	for {
		f, more := frames.Next()
		name, ours := strings.CutPrefix(f.Function, "shmkit/")
		switch {
		case strings.HasPrefix(name, "internal/crash_test."):
			return "a function of the caller"
		case ours && !strings.HasPrefix(name, "internal/sys."):
			return strings.ReplaceAll(strings.TrimPrefix(name, "internal/"), "[...]", "")
		}
		if !more {
			return ""
		}
	}
}

func callName(nr uint64) string {
	if name := callNames[nr]; name != "" {
		return name
	}
	return fmt.Sprintf("system call %d", nr)
}

// callNames are the system calls that processes can notice of each other.
var callNames = map[uint64]string{
	unix.SYS_FUTEX: "futex", sysFutexWaitv: "futex_waitv", unix.SYS_FCNTL: "fcntl",
	unix.SYS_OPENAT: "openat", unix.SYS_CLOSE: "close", unix.SYS_FALLOCATE: "fallocate", unix.SYS_FTRUNCATE: "ftruncate",
	unix.SYS_LINKAT: "linkat", unix.SYS_UNLINKAT: "unlinkat", unix.SYS_MKDIRAT: "mkdirat",
	unix.SYS_MMAP: "mmap", unix.SYS_MUNMAP: "munmap", unix.SYS_WRITE: "write", unix.SYS_FCHMOD: "fchmod",
}

// noticeable tells whether the system call nr, with the arguments in r but for the
// first, changes anything for others. Those that only ask, and what the runtime does for
// itself, do not: a kill behind them is one before them.
func (t *Tracer) noticeable(nr, first uint64, r *unix.PtraceRegs) bool {
	switch nr {
	case unix.SYS_FUTEX:
		return callArgument(r, 1)&futexPrivate == 0 && t.shared(first)
	case unix.SYS_MMAP:
		return callArgument(r, 3)&unix.MAP_SHARED != 0
	case unix.SYS_FCNTL:
		switch callArgument(r, 1) {
		case unix.F_OFD_SETLK, unix.F_OFD_SETLKW:
			return true
		}
		return false
	}
	return callNames[nr] != ""
}

// Run lets the thread go on until so many events have happened, or the operation
// is over. It returns how many did; each is passed to seen, if there is one. The
// thread is left right behind the last event.
//
// A system call is an event on its way out: to others, the moment before it looks
// like the moment after the event before. A sleep in one is an event of its own.
func (t *Tracer) Run(events int, over func() bool, seen func(Event)) (n int, err error) {
	for n < events && !over() {
		e, err := t.next(over)
		if err != nil || e == nil {
			return n, err
		}
		n++
		if seen != nil {
			seen(*e)
		}
	}
	return n, nil
}

// next runs to the next event, or to the end of the operation: then it gives nil.
func (t *Tracer) next(over func() bool) (*Event, error) {
	for {
		got, err := t.resume(unix.PTRACE_SYSCALL)
		if err != nil {
			return nil, err
		}
		if over() {
			return nil, nil
		}
		switch got {
		case stopNot:
			nr, _, _ := t.sleepsIn()
			return &Event{Asleep: true, Call: nr}, nil
		case stopEnter:
			var r unix.PtraceRegs
			if err := t.registers(&r); err != nil {
				return nil, err
			}
			t.first = callArgument(&r, 0)
		case stopLeave:
			var r unix.PtraceRegs
			if err := t.registers(&r); err != nil {
				return nil, err
			}
			if t.noticeable(callNumber(&r), t.first, &r) {
				return &Event{Callers: t.callers(&r, maxCallers), Call: callNumber(&r)}, t.mapped(&r)
			}
		case stopSignal:
			if t.deliver == int(unix.SIGSEGV) {
				if e, err := t.store(); e != nil || err != nil {
					return e, err
				}
			}
		}
	}
}
