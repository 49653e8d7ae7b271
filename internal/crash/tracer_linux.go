//go:build linux && (amd64 || arm64)

package crash

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrEnded: the thread ended while it was traced.
var ErrEnded = errors.New("crash: the traced thread ended")

// Tracer runs one thread of another process piece by piece. All its methods must
// be called from the goroutine that called Attach, which stays locked to its
// thread until Kill or Freeze: ptrace belongs to that.
//
// The thread is in one of these states between two calls:
//
//	within  asleep
//	no      no      stopped, in the program
//	yes     no      stopped, on its way into a system call
//	yes     yes     not stopped: the kernel has it sleep in a system call
type Tracer struct {
	pid, tid int
	held     []int    // other threads of the process, stopped until Kill
	memory   *os.File // of the process
	guards   []guard
	armed    bool
	dir      string // whose files are guarded
	except   string // but this one
	within   bool
	asleep   bool
	first    uint64 // argument of the system call that the thread is in
	deliver  int    // signal that the thread gets when it goes on
	entry    uint64 // address of an instruction that enters the kernel
	ended    bool

	// Rouse, if set, ends the sleep that the thread is in, for example by giving
	// back a lock. It is called when the thread has to go on from there. Without it
	// nobody looks whether the thread sleeps.
	Rouse func()
}

// stop is why the thread does not run.
type stop int

const (
	stopStep   stop = iota // after one instruction
	stopEnter              // on the way into a system call
	stopLeave              // on the way out
	stopSignal             // before a signal is delivered
	stopGroup              // the whole process is stopped, or was interrupted
	stopNot                // it runs on, asleep in a system call
)

// Attach stops the thread tid of process pid and begins to trace it. The thread
// must be outside of any system call.
func Attach(pid, tid int) (*Tracer, error) {
	runtime.LockOSThread()
	t := &Tracer{pid: pid, tid: tid}
	err := ptrace(unix.PTRACE_SEIZE, tid, 0, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_EXITKILL)
	if err == nil {
		err = ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0)
	}
	if err == nil {
		_, err = t.wait()
	}
	if err == nil {
		t.memory, err = os.OpenFile(fmt.Sprintf("/proc/%d/mem", tid), os.O_RDONLY, 0)
	}
	if err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("crash: attach: %w", err)
	}
	return t, nil
}

// Hold stops another thread of the process until Kill, in a sleep: anywhere else it may
// have a lock that the others need to go on.
func (t *Tracer) Hold(tid int) error {
	err := ptrace(unix.PTRACE_SEIZE, tid, 0, unix.PTRACE_O_EXITKILL)
	if err == nil {
		t.held = append(t.held, tid)
	}
	for asleep := false; err == nil && !asleep; {
		if err = ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0); err != nil {
			break
		}
		if _, err = waitFor(tid); err != nil {
			break
		}
		var r unix.PtraceRegs
		if err = unix.PtraceGetRegs(tid, &r); err != nil {
			break
		}
		if asleep = interrupted(&r); !asleep {
			err = ptrace(unix.PTRACE_CONT, tid, 0, 0)
			time.Sleep(20 * time.Microsecond) // how often to look, nothing more
		}
	}
	if err != nil {
		return fmt.Errorf("crash: hold: %w", err)
	}
	return nil
}

// interrupted tells whether a thread was stopped in a system call that it will go on
// with: a sleep. The kernel leaves one of its own errors as the result until then.
func interrupted(r *unix.PtraceRegs) bool {
	const restartSys, restartNoIntr, restartNoHand, restartBlock = -512, -513, -514, -516
	switch callResult(r) {
	case restartSys, restartNoIntr, restartNoHand, restartBlock:
		return true
	}
	return false
}

// Await lets the thread go on until it has made the system call nr.
func (t *Tracer) Await(nr uint64) error {
	for {
		got, err := t.resume(unix.PTRACE_SYSCALL)
		if err != nil {
			return err
		}
		if got != stopLeave {
			continue
		}
		var r unix.PtraceRegs
		if err := t.registers(&r); err != nil {
			return err
		}
		if callNumber(&r) == nr {
			t.entry = programCounter(&r) - uint64(len(systemCall))
			return nil
		}
	}
}

// Kill sends SIGKILL to the process and ends the trace: until its tracer has seen
// its end the thread stays, and with it the process.
func (t *Tracer) Kill() error {
	if t.asleep {
		// Behind guards nothing can be done about them: the death is not announced, and
		// only the kernel's locks tell of it.
		return t.end(nil)
	}
	// The kernel marks the death word only where the process itself could.
	return t.end(t.unguard())
}

// End kills the process if neither Kill nor Freeze has ended the trace, whatever
// state that is in: for a test that fails in the middle. The parent of the process
// would wait for it in vain.
func (t *Tracer) End() {
	if !t.ended {
		t.end(nil)
	}
}

func (t *Tracer) end(err error) error {
	t.ended = true
	defer runtime.UnlockOSThread()
	if e := unix.Kill(t.pid, unix.SIGKILL); err == nil && e != nil {
		err = fmt.Errorf("crash: kill: %w", e)
	}
	for _, tid := range append(t.held, t.tid) {
		if e := awaitEnd(tid); e != nil {
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, t.memory.Close())
}

func awaitEnd(tid int) error {
	for {
		if _, err := waitFor(tid); err != nil {
			if errors.Is(err, ErrEnded) || errors.Is(err, syscall.ECHILD) {
				return nil
			}
			return err
		}
	}
}

// Freeze stops the process by SIGSTOP where it is, and ends the trace. SIGCONT
// lets it go on as if nothing had been.
func (t *Tracer) Freeze() error {
	defer runtime.UnlockOSThread()
	if err := t.unguard(); err != nil {
		return err
	}
	t.ended = true
	// Sent to this thread it comes before the thread's next instruction.
	if err := unix.Tgkill(t.pid, t.tid, unix.SIGSTOP); err != nil {
		return fmt.Errorf("crash: stop: %w", err)
	}
	t.Rouse = nil
	for got := stopNot; got != stopGroup; {
		var err error
		if got, err = t.resume(unix.PTRACE_CONT); err != nil {
			return err
		}
	}
	if err := ptrace(unix.PTRACE_DETACH, t.tid, 0, 0); err != nil {
		return fmt.Errorf("crash: detach: %w", err)
	}
	return t.memory.Close()
}

// resume lets the thread go on until it stops again, or sleeps. A signal that it
// stopped for is delivered by the next resume.
func (t *Tracer) resume(how int) (stop, error) {
	if t.asleep {
		t.asleep = false
		if t.Rouse != nil {
			t.Rouse()
		}
	} else {
		if err := ptrace(how, t.tid, 0, uintptr(t.deliver)); err != nil {
			return 0, fmt.Errorf("crash: resume: %w", err)
		}
		t.deliver = 0
		if t.Rouse != nil && t.within {
			if asleep, err := t.awaitSleep(); err != nil || asleep {
				t.asleep = asleep
				return stopNot, err
			}
		}
	}
	status, err := t.wait()
	if err != nil {
		return 0, err
	}
	switch sig := status.StopSignal(); {
	case sig == unix.SIGTRAP|0x80:
		t.within = !t.within
		if t.within {
			return stopEnter, nil
		}
		return stopLeave, nil
	case status>>16 == unix.PTRACE_EVENT_STOP:
		return stopGroup, nil
	case sig == unix.SIGTRAP:
		return stopStep, nil
	default:
		t.deliver = int(sig)
		return stopSignal, nil
	}
}

// wait waits until the thread stops.
func (t *Tracer) wait() (unix.WaitStatus, error) { return waitFor(t.tid) }

func waitFor(tid int) (status unix.WaitStatus, err error) {
	for {
		_, err := unix.Wait4(tid, &status, unix.WALL, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return status, fmt.Errorf("crash: wait: %w", err)
		case !status.Stopped():
			return status, ErrEnded
		default:
			return status, nil
		}
	}
}

func ptrace(request, tid int, addr, data uintptr) error {
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
