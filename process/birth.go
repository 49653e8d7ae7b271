package process

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"syscall"

	"shmkit/internal/codec"
	"shmkit/internal/sys"
	"shmkit/shm"
)

// child is what a process has that this package started.
type child struct {
	order  order
	conn   *os.File // to the parent
	parent *os.File // becomes readable when it ends

	mu sync.Mutex // of those who write

	opened chan struct{} // closed when the parent has what a result refers to, or has ended
}

// born is nil in a process that this package did not start. It is there before any package
// begins that imports this one, so that a panic in one of them is seen by the parent, and so
// that a program can be started in one of them.
var born = birth()

// birth is the first that a child does. What it does to the thread, it does to the first
// one of the process: packages are initialised there.
func birth() *child {
	text, ok := os.LookupEnv(env)
	if !ok {
		return nil
	}
	os.Unsetenv(env)
	// The variable may have come without the descriptors, through a program that handed on
	// the one and not the others.
	var conn, crash, parent int
	var socket uint64
	n, _ := fmt.Sscan(text, &conn, &crash, &parent, &socket)
	if n != 4 || socket == 0 || sys.SocketID(conn) != socket {
		return nil
	}
	c := new(child)
	for _, fd := range []int{conn, crash, parent} {
		sys.CloseOnExec(fd)
	}
	output := os.NewFile(uintptr(crash), "crash output")
	debug.SetCrashOutput(output, debug.CrashOptions{})
	output.Close() // the runtime has its own
	var err error
	c.conn, err = sys.Pollable(conn, "parent") // else a thread waits for what comes
	// The end of the stream does not do: others may have the parent's end too.
	if err != nil || !sys.HasInput(conn, parent) || c.receiveOrder() != nil {
		os.Exit(1) // the parent has died
	}
	if c.parent, err = sys.Pollable(parent, "parent"); err == nil {
		err = c.settleIn()
	}
	switch {
	case err != nil:
	case c.order.Exec != nil:
		err = c.exec()
	case c.order.Daemon:
		err = c.watchParent()
	}
	if err != nil {
		c.refuse(err)
	}
	return c
}

// receiveOrder is what the parent sends first.
func (c *child) receiveOrder() error {
	kind, body, err := receive(c.conn)
	if err == nil && kind != orderFrame {
		err = badFrame(kind)
	}
	if err == nil {
		err = c.order.decode(body)
	}
	return err
}

// settleIn makes the process what the order says, before any code of the program runs.
func (c *child) settleIn() error {
	sys.CloseInherited(func(fd int) bool { return fd < 3+c.order.Files })
	for _, l := range c.order.Limits {
		if err := sys.SetLimit(l.Resource, l.Value); err != nil {
			return fmt.Errorf("limit %d: %w", l.Resource, err)
		}
	}
	return nil
}

// groupLooks is how often a daemon that leads a group looks whether the others have ended:
// it waits for them for some seconds at least, if they do not end.
const groupLooks = 500

// killedCode is what a shell says of a process that was killed.
const killedCode = 128 + 9

// watchParent makes this process, which is a daemon, end itself when its parent has ended.
// Until here the kernel would have done it, which leaves the files of segments behind, and
// the rest of a group; from here on the kernel wakes it if it is stopped then.
func (c *child) watchParent() error {
	if err := sys.WakeAtEndOfParent(); err != nil {
		return err
	}
	go func() {
		await(c.parent)
		if c.order.Group {
			sys.KillRestOfGroup(groupLooks) // first, so that this is the last one of their segments
		}
		shm.BeforeExit()
		if c.order.Group {
			sys.Signal(0, syscall.SIGKILL) // those that it did not see
		}
		sys.Signal(os.Getpid(), syscall.SIGKILL)
		os.Exit(killedCode) // the first process of a PID namespace cannot kill itself
	}()
	return nil
}

// exec makes this process run another program. It returns only if that fails.
func (c *child) exec() error {
	e := c.order.Exec
	c.tell(takenFrame, nil)
	return fmt.Errorf("%s: %w", e.Path, sys.Exec(e.Path, e.Args, e.Env))
}

// refuse tells the parent why this process cannot do what it is to do, and ends it.
func (c *child) refuse(err error) {
	c.tell(refusedFrame, err.Error())
	os.Exit(c.leave(1))
}

// tell sends a frame to the parent. If that has died nobody hears it.
func (c *child) tell(k kind, body any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	send(c.conn, k, body)
}

// tellRaw is tell for what is encoded.
func (c *child) tellRaw(k kind, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sendRaw(c.conn, k, body)
}

// follow ends the context of the function when the parent ends; and what is read from it, of
// which some other process may have the other end, as one has that was forked in the wrong
// moment.
func (c *child) follow(cancel context.CancelCauseFunc) {
	await(c.parent)
	cancel(ErrParentDied)
	sys.EndInput(c.conn)
}

// listen ends the context of the function when the parent says so.
func (c *child) listen(cancel context.CancelCauseFunc) {
	opened := sync.OnceFunc(func() { close(c.opened) })
	defer opened()
	for {
		kind, body, err := receive(c.conn)
		if err != nil {
			return
		}
		var why string
		switch kind {
		case openedFrame:
			opened()
		case cancelFrame:
			if codec.Decode(body, &why) == nil {
				cancel(fmt.Errorf("%w: %s", ErrCanceled, why))
			}
		}
	}
}
