package ring

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"shmkit/internal/sys"
)

// Readable is ready when reading from f would not wait, or f is closed: f is a file or a
// socket, or what else has a descriptor that can be polled. That of a process (pidfd) is
// readable once the process has ended. Nothing is read, and flags and deadlines of f stay
// as they are. f must not be closed during a wait. A wait that sleeps has a goroutine, and
// no thread, for each.
func Readable(f syscall.Conn) Waitable {
	return Func(func(ctx context.Context) error { return readable(ctx, f) })
}

// readable waits for f until ctx ends.
func readable(ctx context.Context, f syscall.Conn) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	ready := false
	if err := raw.Control(func(fd uintptr) { ready = sys.Readable(int(fd)) }); ready || err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var watchman *os.File
	if e := raw.Control(func(fd uintptr) { watchman, err = sys.Watchman(int(fd)) }); e != nil || err != nil || watchman == nil {
		return errors.Join(e, err)
	}
	defer watchman.Close()
	defer context.AfterFunc(ctx, func() { watchman.SetReadDeadline(time.Unix(1, 0)) })()
	if raw, err = watchman.SyscallConn(); err != nil {
		return err
	}
	if err = raw.Read(func(fd uintptr) bool { return sys.Readable(int(fd)) }); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
