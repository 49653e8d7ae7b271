//go:build !linux

package sys

import (
	"crypto/rand"
	"errors"
	"os"
	"time"
)

// Yield does nothing.
func Yield() {}

// HasWaitV is false: there is no futex_waitv.
func HasWaitV() bool { return false }

// ForgoWaitV does nothing.
func ForgoWaitV() (restore func()) { return func() {} }

// RegisterBarrier does nothing.
func RegisterBarrier() bool { return false }

// Barrier does nothing.
func Barrier() bool { return false }

// FutexWake wakes nobody.
func FutexWake(addr *uint32, n int) int { return 0 }

// FutexWait fails.
func FutexWait(words []Word, timeout time.Duration) (int, error) { return -1, errors.ErrUnsupported }

// TryLock fails.
func TryLock(fd int, off, n int64) (bool, error) { return false, errors.ErrUnsupported }

// TryShare fails.
func TryShare(fd int, off, n int64) (bool, error) { return false, errors.ErrUnsupported }

// Excludes is false.
func Excludes(fd int, off, n int64) bool { return false }

// Lock fails.
func Lock(fd int, off, n int64) error { return errors.ErrUnsupported }

// Unlock fails.
func Unlock(fd int, off, n int64) error { return errors.ErrUnsupported }

// Holder fails.
func Holder(fd int, off, n int64) (held bool, start, length int64, err error) {
	return false, 0, 0, errors.ErrUnsupported
}

// CreateTemp fails.
func CreateTemp(dir string, perm uint32) (*os.File, error) { return nil, errors.ErrUnsupported }

// Link fails.
func Link(f *os.File, path string) error { return errors.ErrUnsupported }

// Allocate fails.
func Allocate(f *os.File, off, n int64) error { return errors.ErrUnsupported }

// OpenFile fails.
func OpenFile(path string, write bool) (*os.File, error) { return nil, errors.ErrUnsupported }

// Stat fails.
func Stat(f *os.File) (size, blocks512 int64, nlink uint64, ino, dev uint64, uid uint32, err error) {
	return 0, 0, 0, 0, 0, 0, errors.ErrUnsupported
}

// BootID fails.
func BootID() ([16]byte, error) { return [16]byte{}, errors.ErrUnsupported }

// PIDNamespace is unknown.
func PIDNamespace() uint64 { return 0 }

// CommandName is empty.
func CommandName() (name [32]byte) { return name }

// Monotonic is time since the program started.
func Monotonic() int64 { return int64(time.Since(start)) }

var start = time.Now()

// Watch fails.
func Watch(node *uint64, death *uint32) error { return errors.ErrUnsupported }

// Unwatch does nothing.
func Unwatch(node *uint64) {}

// RightsRoom is nothing.
var RightsRoom = 0

// Receive fails.
func Receive(fd int, p, control []byte) (n int, fds []int, cut, again bool, err error) {
	return 0, nil, false, false, errors.ErrUnsupported
}

// Send fails.
func Send(fd int, a, b []byte) (n int, err error) { return 0, errors.ErrUnsupported }

// Unheard fails.
func Unheard(fd int) (unheard bool, quiet time.Duration, err error) {
	return false, 0, errors.ErrUnsupported
}

// Permit fails.
func Permit(fd int, perm uint32) error { return errors.ErrUnsupported }

// CloseAll does nothing.
func CloseAll(fds []int) {}

// OpenLock fails.
func OpenLock(path string) (*os.File, error) { return nil, errors.ErrUnsupported }

// Rights is nothing.
func Rights(fd int) []byte { return nil }

// Event fails.
func Event() (*os.File, error) { return nil, errors.ErrUnsupported }

// RingEvent fails.
func RingEvent(fd int) error { return errors.ErrUnsupported }

// ClearEvent fails.
func ClearEvent(fd int) error { return errors.ErrUnsupported }

// Readable is true: the caller meets the error.
func Readable(fd int) bool { return true }

// Writable is true: the caller meets the error.
func Writable(fd int) bool { return true }

// Watchman fails.
func Watchman(fd int) (*os.File, error) { return nil, errors.ErrUnsupported }

// Duplicate fails.
func Duplicate(fd int, name string) (*os.File, error) { return nil, errors.ErrUnsupported }

// Self fails.
func Self() (*os.File, error) { return nil, errors.ErrUnsupported }

// Pollable fails.
func Pollable(fd int, name string) (*os.File, error) { return nil, errors.ErrUnsupported }

// SocketID is 0.
func SocketID(fd int) uint64 { return 0 }

// Ended is false.
func Ended(fd int) bool { return false }

// Random fills b with bytes that nobody can guess.
func Random(b []byte) { rand.Read(b) }

// HasInput is false.
func HasInput(conn, process int) bool { return false }

// EndInput fails.
func EndInput(socket *os.File) error { return errors.ErrUnsupported }

// MemoryFile fails.
func MemoryFile(name string) (*os.File, error) { return nil, errors.ErrUnsupported }

// SocketPair fails.
func SocketPair() (a, b *os.File, err error) { return nil, nil, errors.ErrUnsupported }

// Affinity is nothing.
type Affinity struct{}

// SetAffinity fails, unless there is nothing to do.
func SetAffinity(cpus []int) (before Affinity, err error) {
	if len(cpus) > 0 {
		err = errors.ErrUnsupported
	}
	return before, err
}

// Restore does nothing.
func (Affinity) Restore() error { return nil }

// LimitData is no limit here.
const LimitData = -1

// SetLimit fails.
func SetLimit(resource int, value uint64) error { return errors.ErrUnsupported }

// WakeAtEndOfParent fails.
func WakeAtEndOfParent() error { return errors.ErrUnsupported }

// KillRestOfGroup does nothing.
func KillRestOfGroup(looks int) {}

// AwaitEnd does not wait.
func AwaitEnd(fd int) {}

// CloseInherited does nothing.
func CloseInherited(keep func(fd int) bool) {}

// CloseOnExec does nothing.
func CloseOnExec(fd int) {}

// Exec fails.
func Exec(path string, args, env []string) error { return errors.ErrUnsupported }

// Signal fails.
func Signal(pid int, signal os.Signal) error { return errors.ErrUnsupported }
