//go:build linux && (amd64 || arm64)

package crash

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrEnded: the thread ended while it was stepped.
var ErrEnded = errors.New("crash: the traced thread ended")

// Stepper traces one thread. All its methods must be called from the goroutine
// that called Attach, which stays locked to its thread: ptrace belongs to that.
type Stepper struct {
	tid    int
	text   *os.File // memory of the process, to see which instruction is next
	shared [][]byte // what processes share, mapped here too
	last   [][]byte // its contents after the last step
	Steps  int      // instructions so far
}

// Attach stops the thread tid and begins to trace it. The pieces of shared are
// watched.
func Attach(tid int, shared ...[]byte) (*Stepper, error) {
	runtime.LockOSThread()
	if err := unix.PtraceSeize(tid); err != nil {
		return nil, fmt.Errorf("crash: seize: %w", err)
	}
	if err := unix.PtraceInterrupt(tid); err != nil {
		return nil, fmt.Errorf("crash: interrupt: %w", err)
	}
	s := &Stepper{tid: tid, shared: shared}
	for _, b := range shared {
		s.last = append(s.last, bytes.Clone(b))
	}
	if _, err := s.wait(); err != nil {
		return nil, err
	}
	text, err := os.Open(fmt.Sprintf("/proc/%d/mem", tid))
	if err != nil {
		return nil, fmt.Errorf("crash: memory: %w", err)
	}
	s.text = text
	return s, nil
}

// Run steps until so many more events have happened, or over says that the
// operation is. It returns the number of events that happened.
func (s *Stepper) Run(events int, over func() bool) (n int, err error) {
	for n < events && !over() {
		kernel, err := s.entersKernel()
		if err != nil {
			return n, err
		}
		if err := s.step(); err != nil {
			return n, err
		}
		if s.changed() || kernel {
			n++
		}
	}
	return n, nil
}

// Close ends the trace after the process was sent SIGKILL: a thread that is traced
// stays, and with it the process, until its tracer has seen its end.
func (s *Stepper) Close() error {
	defer runtime.UnlockOSThread()
	for {
		if _, err := s.wait(); err != nil {
			if errors.Is(err, ErrEnded) || errors.Is(err, syscall.ECHILD) {
				err = nil
			}
			return errors.Join(err, s.text.Close())
		}
	}
}

// step executes one instruction. Signals that arrive are passed on.
func (s *Stepper) step() error {
	sig := 0
	for {
		if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SINGLESTEP, uintptr(s.tid), 0, uintptr(sig), 0, 0); errno != 0 {
			return fmt.Errorf("crash: step: %w", errno)
		}
		status, err := s.wait()
		if err != nil {
			return err
		}
		got := status.StopSignal()
		if got == syscall.SIGTRAP {
			s.Steps++
			return nil
		}
		sig = int(got)
	}
}

func (s *Stepper) wait() (status unix.WaitStatus, err error) {
	for {
		_, err := unix.Wait4(s.tid, &status, unix.WALL, nil)
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

// entersKernel tells whether the next instruction is a system call.
func (s *Stepper) entersKernel() (bool, error) {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(s.tid, &regs); err != nil {
		return false, fmt.Errorf("crash: registers: %w", err)
	}
	var code [len(systemCall)]byte
	if _, err := s.text.ReadAt(code[:], int64(programCounter(&regs))); err != nil {
		return false, nil // in the vdso page of the kernel, for example
	}
	return code == systemCall, nil
}

// changed compares the shared bytes with what they were. The other side writes
// while it is stopped only by other threads of its process.
func (s *Stepper) changed() (yes bool) {
	for i, b := range s.shared {
		if !bytes.Equal(b, s.last[i]) {
			copy(s.last[i], b)
			yes = true
		}
	}
	return yes
}
