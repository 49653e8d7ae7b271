package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"shmkit/internal/sys"
)

// env is the variable that tells a child which descriptors are for it: the socket, the file
// for what the runtime writes last, and the parent; and which socket that is.
const env = "SHMKIT_PROCESS"

// outputDelay is how long Wait waits, after the end of a process, for those who keep its
// output open.
const outputDelay = time.Second

// task is what a process is for.
type task struct {
	order
	encoded []byte                           // the argument
	arg     any                              // the same, which must stay until it is taken
	open    func(result []byte) (any, error) // nil: there is none
}

// start starts a process that does what.
func start(ctx context.Context, what task, s *settings) (*Process, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	me := Current()
	p := &Process{name: s.name, daemon: me.Daemon, group: s.group, done: make(chan struct{})}
	what.Identity = nextIdentity()
	if p.name == "" {
		p.name = "Process-" + what.Identity
	}
	if s.daemon != nil {
		p.daemon = *s.daemon
	}
	what.Name, what.Daemon, what.Group = p.name, p.daemon, p.group
	what.Parent = relative{me.PID, me.Name}
	what.Key, what.Limits, what.Files = AuthKey(), s.limits, len(s.files)
	p.isProgram = what.Exec != nil
	p.arg.Store(&what.arg)
	p.open = what.open
	p.shares = s.shares
	if err := p.launch(s); err != nil {
		return nil, &StartError{p.name, 0, "the system refused", err}
	}
	active.add(p)
	p.stop = context.AfterFunc(ctx, func() { p.cancel(context.Cause(ctx), s.grace) })
	go p.link.talk(p, what.order, what.encoded)
	go p.reap()
	return p, nil
}

// launch makes the process.
func (p *Process) launch(s *settings) (err error) {
	if p.link, err = newLink(); err != nil {
		return err
	}
	defer p.link.closeTheirs()
	if p.cmd, err = p.command(s); err != nil {
		p.link.close()
		return err
	}
	fd := -1
	p.cmd.SysProcAttr = attributes(p.daemon, p.group, &fd)
	if p.daemon || len(s.cpus) > 0 {
		err = starter.start(p.cmd, s.cpus)
	} else {
		err = p.cmd.Start() // what becomes of the thread does not matter to the child
	}
	if err != nil {
		p.link.close()
		return err
	}
	p.file = descriptor(fd)
	return nil
}

// command is how the child is run: as this program, from the file that it was started from,
// whatever lies under its name by now.
func (p *Process) command(s *settings) (*exec.Cmd, error) {
	path := s.executable
	if path == "" {
		path = itself()
	}
	environment, err := s.environment()
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{
		Path: path, Args: os.Args, Dir: s.dir, Env: environment,
		Stdin: s.stdin, Stdout: s.stdout, Stderr: s.stderr,
		WaitDelay: outputDelay,
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, s.files...)
	first := 3 + len(s.files)
	socket := sys.SocketID(int(p.link.theirs.Fd()))
	cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d %d %d %d", env, first, first+1, first+2, socket))
	self, err := self()
	cmd.ExtraFiles = append(cmd.ExtraFiles, p.link.theirs, p.link.crash, self)
	return cmd, err
}

// cancel ends the process because the context of Start has ended.
func (p *Process) cancel(cause error, grace time.Duration) {
	p.mu.Lock()
	if p.reaped || p.file != nil && isOver(p.file) {
		p.mu.Unlock()
		return // whatever ended it, it was not this
	}
	p.cause = cause
	if grace > 0 {
		p.timer = time.AfterFunc(grace, func() { p.Kill() })
	}
	p.mu.Unlock()
	switch {
	case grace <= 0:
		p.Kill()
	case p.isProgram:
		p.Terminate()
	default:
		p.link.cancel(cause)
	}
}

// goneIsFine makes it no error that a process has ended before it got a signal.
func goneIsFine(err error) error {
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
