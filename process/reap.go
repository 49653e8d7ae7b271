package process

import (
	"fmt"
	"io"
	"strings"
	"syscall"

	"shmkit/internal/sys"
	"shmkit/shm"
)

// reap waits for the end of the process, and finds out how that was. It is the only one
// that waits for it, so nobody takes the exit code away.
func (p *Process) reap() {
	if p.file != nil {
		await(p.file)
		p.mu.Lock()
		if p.group {
			sys.Signal(-p.PID(), syscall.SIGKILL) // until it is reaped the number is that of its group
		}
		p.reaped = true
		p.mu.Unlock()
	}
	err := p.cmd.Wait()
	p.mu.Lock()
	p.reaped = true
	cause := p.cause
	p.mu.Unlock()
	p.link.finish()
	p.judge(cause)
	if p.err == nil && p.known && err != nil {
		p.err = fmt.Errorf("%w: %w", ErrOutput, err)
	}
	p.settle()
	remains := shm.SweepDead() // what it had of ours; nobody else may come by
	killed := p.outcome == nil && (!p.isProgram || p.code != 0)
	if killed {
		shm.Sweep() // it may have left files, and have had nobody to remove them
	}
	if killed || remains {
		sweeper.wake()
	}
	close(p.done)
}

// settle gives back what a process needs while it lives.
func (p *Process) settle() {
	p.stop()
	p.mu.Lock()
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	p.link.close()
	p.arg.Store(nil)
	p.shares = nil
	active.remove(p)
}

// judge finds out what the end of the process means.
func (p *Process) judge(cause error) {
	exit := p.exit(cause)
	p.outcome = p.link.outcome
	last := p.lastWords()
	switch {
	case p.outcome != nil && p.outcome.err != nil:
		p.err = p.outcome.err.error(p.name, p.PID())
	case p.outcome != nil && p.code == 0:
	case !p.link.came || p.link.refused != "":
		p.err = p.neverCame(exit, last)
	case last != nil:
		p.err = last
	case p.code != 0 || !p.known:
		p.err = exit
	}
}

// exit is what the kernel says of the end. Other code of this program, in C say, may have
// waited for any child, and got that one: then it says nothing.
func (p *Process) exit(cause error) *ExitError {
	exit := &ExitError{Name: p.name, PID: p.PID(), Code: -1, Cause: cause}
	if p.cmd.ProcessState == nil {
		if cause == nil {
			exit.Cause = ErrReaped
		}
		return exit
	}
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	p.known, exit.Code = true, status.ExitStatus()
	if p.code = exit.Code; status.Signaled() {
		exit.Signal = status.Signal()
		p.code = -int(exit.Signal)
	}
	return exit
}

// neverCame is why a process did not do what it was started for.
func (p *Process) neverCame(exit *ExitError, last *PanicError) error {
	e := &StartError{Name: p.name, PID: p.PID(), Reason: p.link.refused}
	goal := "process.Main"
	if p.isProgram {
		goal = "the program"
	}
	switch {
	case e.Reason != "":
	case exit.Cause != nil:
		e.Reason, e.Err = "it was ended before", exit.Cause
	case last != nil:
		e.Reason, e.Err = "it crashed before it came to "+goal, last
	case exit.Signal != 0:
		e.Reason = fmt.Sprintf("signal %d (%v) ended it before it came to %s", int(exit.Signal), exit.Signal, goal)
	case exit.Code == 0:
		e.Reason = "its main ended without a call of process.Main"
	default:
		e.Reason = fmt.Sprintf("it exited with code %d before it came to %s", exit.Code, goal)
	}
	return e
}

// mostWords is how much of the last words of a process is kept.
const mostWords = 1 << 20

// lastWords is what the Go runtime of the process wrote when it died, nil if nothing.
func (p *Process) lastWords() *PanicError {
	b, _ := io.ReadAll(io.NewSectionReader(p.link.crash, 0, mostWords))
	if len(b) == 0 {
		return nil
	}
	text, stack, found := strings.Cut("\n\n"+string(b), "\n\ngoroutine ")
	if found {
		stack = "goroutine " + stack
	}
	if text = strings.TrimSpace(text); text == "" {
		text = "fatal error, of which the Go runtime told its standard error alone"
	}
	return &PanicError{p.name, p.PID(), text, stack}
}
