package process

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"

	"shmkit/internal/function"
	"shmkit/shm"
)

// called tells whether Main was.
var called atomic.Bool

// Main runs the function that this process was started for, and does not return. In a
// process that was not started by this package it does nothing. Call it first in main, and
// in TestMain of tests that start processes.
//
// The exit code is 0 if the function returns nil, 1 if it returns an error, and 2 if it
// panics.
func Main() {
	called.Store(true)
	if born != nil {
		os.Exit(born.run())
	}
}

// run does what the order says, and gives the exit code.
func (c *child) run() int {
	f, ok := function.Find(c.order.Function)
	switch {
	case !ok:
		c.refuse(fmt.Errorf("function %q is not registered in the child: register it in a package variable or in init", c.order.Function))
	case f.Types != c.order.Types:
		c.refuse(fmt.Errorf("function %q is %s in the child and %s in the parent", f.Name, f.Types, c.order.Types))
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	go c.follow(cancel)
	kind, arg, err := receive(c.conn)
	if err != nil || kind != argumentFrame {
		return 1 // the parent has died
	}
	c.opened = make(chan struct{})
	go c.listen(cancel)
	defer goexit(c)
	result, err := f.Call(ctx, arg, func() { c.tell(takenFrame, nil) })
	if err == nil && f.Refers() {
		c.tellRaw(keptFrame, result)
		<-c.opened
		return c.leave(0)
	}
	return c.finish(result, err)
}

// finish tells the parent how the function ended.
func (c *child) finish(result []byte, err error) int {
	if e, ok := err.(*function.ArgumentError); ok {
		c.refuse(e)
	}
	code := 0
	if err != nil {
		c.tell(failedFrame, reportOf(err))
		code = 1
	} else {
		c.tellRaw(doneFrame, result)
	}
	return c.leave(code)
}

// leave gives up what nobody needs any more.
func (c *child) leave(code int) int {
	shm.CloseDefault()
	if c.parent != nil && isOver(c.parent) {
		shm.BeforeExit()
	}
	return code
}

// goexit ends the process if its function is ending its goroutine: main would wait for ever.
// It must be deferred itself. In a panic it does nothing, so that the runtime tells of it.
func goexit(c *child) {
	pc := make([]uintptr, 1)
	caller, _ := runtime.CallersFrames(pc[:runtime.Callers(2, pc)]).Next()
	if caller.Function == "runtime.Goexit" {
		os.Exit(c.finish(nil, ErrGoexit))
	}
}
