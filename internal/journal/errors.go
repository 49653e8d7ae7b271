package journal

import (
	"errors"
	"fmt"
	"io/fs"
)

// What a caller may meet and handle; test with errors.Is.
var (
	// ErrInUse: another Log has the file, in this process or in another one that lives.
	ErrInUse = errors.New("journal: another process has the log")
	// ErrClosed: the log was closed. Is fs.ErrClosed.
	ErrClosed = fmt.Errorf("journal: log is closed: %w", fs.ErrClosed)
	// ErrMoved: the file was removed, or given another name, while the log was open.
	ErrMoved = errors.New("journal: another file is at the path of the log, or none")
	// ErrSize: a record that is empty, or longer than the log allows.
	ErrSize = errors.New("journal: impossible length of a record")
	// ErrMagic: the file is no log.
	ErrMagic = errors.New("journal: not a log")
	// ErrVersion: a log of another format.
	ErrVersion = errors.New("journal: unknown format version")
	// ErrCorrupt: the file holds what no log ever writes; see [*CorruptError].
	ErrCorrupt = errors.New("journal: corrupt log")
)

// Error tells which operation failed on which log, and why: ENOSPC, for example.
type Error struct {
	Op   string // "open", "write", "sync", …
	Path string
	Err  error
}

func (e *Error) Error() string { return "journal: " + e.Op + " " + e.Path + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// CorruptError tells where a log is damaged. Is ErrCorrupt.
type CorruptError struct {
	Path   string
	Offset int64  // in bytes, of the part that is damaged
	What   string // which part, and what is wrong with it
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%v: %s at byte %d: %s", ErrCorrupt, e.Path, e.Offset, e.What)
}

// Is makes errors.Is(err, ErrCorrupt) true.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// fail says what failed on the log at path. An error of package os loses its own path, which
// may be that of the file before it was renamed.
func fail(op, path string, err error) error {
	var known *Error
	var damage *CorruptError
	if err == nil || errors.As(err, &known) || errors.As(err, &damage) {
		return err
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return &Error{op, path, err}
}
