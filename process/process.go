package process

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"shmkit/internal/sys"
)

// Process is a process that this process started. Make it with [Func.Start] or
// [Program.Start]; it must not be copied. All methods may be called by several goroutines.
// Only the process that started it has it. When it ends, in whatever way, it is reaped at
// once and those who wait are told how.
type Process struct {
	name      string
	daemon    bool
	group     bool
	isProgram bool
	cmd       *exec.Cmd
	file      *os.File // its descriptor, which becomes readable when it ends; nil: the kernel has none
	link      *link

	arg    atomic.Pointer[any] // until it is taken
	open   func(result []byte) (any, error)
	shares []share // until the process has ended

	// Written before done is closed, read after that.
	outcome *outcome // nil: the function did not end, or there is none
	err     error
	code    int
	known   bool // code is
	done    chan struct{}

	mu     sync.Mutex
	reaped bool  // its number may be another's
	cause  error // why we ended it
	closed bool
	stop   func() bool // ends the watch over the context of Start
	timer  *time.Timer // of Grace
}

// Name is what the process is called.
func (p *Process) Name() string { return p.name }

// Daemon tells whether it ends with this process.
func (p *Process) Daemon() bool { return p.daemon }

// PID is its number, while it is alive and after.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Wait waits until the process has ended. It returns nil if its function returned nil, or
// the program exited with 0; else [*RemoteError], [*PanicError], [*ExitError] or
// [*StartError], and [ErrOutput] if nothing but that went wrong. It may be called any number
// of times.
func (p *Process) Wait() error { return p.Join(context.Background()) }

// Join is Wait that gives up when ctx ends: it then returns the cause of ctx. If the process
// has ended already ctx is not looked at.
func (p *Process) Join(ctx context.Context) error {
	if p.isClosed() {
		return ErrClosed
	}
	select {
	case <-p.done:
		return p.err
	default:
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Done is closed when the process has ended and was reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Alive tells whether the process has not ended.
func (p *Process) Alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return p.file == nil || !isOver(p.file)
	}
}

// ExitCode is the exit code, or minus the number of the signal. It is only there when the
// process has ended, and if nobody else waited for it, see [ErrReaped].
func (p *Process) ExitCode() (code int, ok bool) {
	select {
	case <-p.done:
		return p.code, p.known
	default:
		return 0, false
	}
}

// Sentinel is a descriptor that becomes readable when the process ends, for [ring.Readable]
// in a ring.Wait, for poll, epoll and the like; nothing can be read from it. It is the caller's, who closes it. Errors:
// [ErrClosed]; errors.ErrUnsupported if the kernel is too old for it.
func (p *Process) Sentinel() (*os.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, ErrClosed
	case p.file == nil:
		return nil, errNoDescriptor
	}
	return duplicate(p.file)
}

// Terminate asks the process to end, by SIGTERM. If it has ended that does nothing. If it
// leads a [Group] all of that gets it.
func (p *Process) Terminate() error { return p.Signal(syscall.SIGTERM) }

// Kill ends the process, by SIGKILL. It is as Terminate otherwise.
func (p *Process) Kill() error { return p.Signal(syscall.SIGKILL) }

// Signal sends a signal, as Terminate does.
func (p *Process) Signal(signal os.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case p.reaped:
		return nil
	case p.group:
		return goneIsFine(sys.Signal(-p.PID(), signal))
	}
	return goneIsFine(p.cmd.Process.Signal(signal))
}

// Close ends the use of p, whose other methods then give ErrClosed. Calling it again does
// nothing. Errors: [ErrRunning] if the process has not ended.
func (p *Process) Close() error {
	select {
	case <-p.done:
	default:
		return ErrRunning
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed && p.file != nil {
		p.file.Close()
	}
	p.closed = true
	return nil
}

func (p *Process) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// String is for people.
func (p *Process) String() string {
	state := "running"
	select {
	case <-p.done:
		state = "ended"
	default:
	}
	return "Process(" + p.name + ", " + state + ")"
}
