package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"

	"shmkit/internal/codec"
	"shmkit/ring"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// RemoteError is an error that a function returned in another process. It says what that
// said, and errors.Is finds in it what it found there, of the errors of shmkit, of the
// usual ones of the standard library, of syscall.Errno, and of those that were given to
// [RegisterError]. It is plain data of one process, which dies with it.
type RemoteError struct {
	Name string // of the process
	PID  int
	Text string // of the error
	Type string // of the error, as Go writes it

	kinds []error
}

func (e *RemoteError) Error() string {
	return fmt.Sprintf("process: %s (pid %d): %s", e.Name, e.PID, e.Text)
}

// Is tells whether the error was target in the other process.
func (e *RemoteError) Is(target error) bool { return slices.Contains(e.kinds, target) }

// kinds are the errors that are told apart in other processes, by name.
var kinds = struct {
	sync.RWMutex
	all map[string]error
}{all: map[string]error{
	"canceled": context.Canceled, "deadline": context.DeadlineExceeded,
	"eof": io.EOF, "unexpected-eof": io.ErrUnexpectedEOF,
	"not-exist": fs.ErrNotExist, "exist": fs.ErrExist, "permission": fs.ErrPermission,
	"invalid": fs.ErrInvalid, "closed": fs.ErrClosed, "io-deadline": os.ErrDeadlineExceeded,
	"unsupported":  errors.ErrUnsupported,
	"shm.closed":   shm.ErrClosed,
	"shm.notfound": shm.ErrNotFound, "shm.exists": shm.ErrExists, "shm.corrupt": shm.ErrCorrupt, "shm.type": shm.ErrType,
	"sync.ownerdied": shsync.ErrOwnerDied, "sync.notrecoverable": shsync.ErrNotRecoverable,
	"ring.closed": ring.ErrClosed, "ring.full": ring.ErrFull, "ring.empty": ring.ErrEmpty, "ring.peerdied": ring.ErrPeerDied,
	"process.goexit": ErrGoexit, "process.parentdied": ErrParentDied, "process.canceled": ErrCanceled,
}}

// RegisterError makes errors.Is find err in the errors that come from other processes. Call
// it from init or the declaration of a variable, so that both processes know it.
//
// Preconditions:
//   - no error has that name yet
//   - err can be compared by ==
func RegisterError(name string, err error) {
	kinds.Lock()
	defer kinds.Unlock()
	if _, ok := kinds.all[name]; ok {
		panic(fmt.Sprintf("process: error name %q is taken", name))
	}
	kinds.all[name] = err
}

// report is an error as it travels.
type report struct {
	Text  string
	Type  string
	Kinds []string
	Errno uint
}

func reportOf(err error) *report {
	kinds.RLock()
	defer kinds.RUnlock()
	r := &report{Text: err.Error(), Type: fmt.Sprintf("%T", err)}
	for name, kind := range kinds.all {
		if errors.Is(err, kind) {
			r.Kinds = append(r.Kinds, name)
		}
	}
	slices.Sort(r.Kinds) // what a server keeps of an error is the same each time
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		r.Errno = uint(errno)
	}
	return r
}

// error is what it says, of a process.
func (r *report) error(name string, pid int) error {
	kinds.RLock()
	defer kinds.RUnlock()
	e := &RemoteError{Name: name, PID: pid, Text: r.Text, Type: r.Type}
	for _, name := range r.Kinds {
		if kind, ok := kinds.all[name]; ok {
			e.kinds = append(e.kinds, kind)
		}
	}
	if r.Errno != 0 {
		e.kinds = append(e.kinds, syscall.Errno(r.Errno))
	}
	return e
}

// EncodeError is err as it travels between processes, for [DecodeError].
func EncodeError(err error) []byte {
	buf := codec.NewBuffer() // it is not given back
	if codec.Encode(buf, reportOf(err)) != nil {
		return nil // it has nothing that cannot be encoded
	}
	return buf.Bytes()
}

// DecodeError is the [*RemoteError] of which EncodeError made b in another process, which
// had that name and number. If b makes no sense it is another error, which says so.
func DecodeError(b []byte, name string, pid int) error {
	r := new(report)
	if err := codec.Decode(b, r); err != nil {
		return fmt.Errorf("process: an error of %s (pid %d) makes no sense: %w", name, pid, err)
	}
	return r.error(name, pid)
}
