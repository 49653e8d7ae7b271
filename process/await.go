package process

import (
	"context"
	"errors"
	"os"
	"time"

	"shmkit/internal/sys"
)

// await waits until the process of a descriptor has ended, without a thread unless the
// runtime cannot wait for it. It fails if the descriptor is closed or its deadline passes.
func await(file *os.File) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	err = raw.Read(func(fd uintptr) bool { return sys.Ended(int(fd)) })
	if err == nil || errors.Is(err, os.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return raw.Control(func(fd uintptr) { sys.AwaitEnd(int(fd)) })
}

// awaitContext is await that gives up when ctx ends: it then returns the cause of ctx.
func awaitContext(ctx context.Context, file *os.File) error {
	mine, err := duplicate(file) // a deadline is that of a descriptor
	if err != nil {
		return err
	}
	defer mine.Close()
	stop := context.AfterFunc(ctx, func() { mine.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := await(mine); err != nil && !isOver(file) {
		return context.Cause(ctx)
	}
	return nil
}

// isOver tells whether the process of a descriptor has ended.
func isOver(file *os.File) bool {
	raw, err := file.SyscallConn()
	if err != nil {
		return true
	}
	over := true
	raw.Control(func(fd uintptr) { over = sys.Ended(int(fd)) })
	return over
}

// duplicate is another descriptor for the same.
func duplicate(file *os.File) (*os.File, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	var again *os.File
	failed := raw.Control(func(fd uintptr) { again, err = sys.Duplicate(int(fd), file.Name()) })
	if failed != nil {
		return nil, failed
	}
	return again, err
}
