package pipe

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"shmkit/internal/sys"
	"shmkit/shm"
)

// maxUnixPath is the longest path that a unix socket can have.
const maxUnixPath = 107

// unixAddress makes an address of people one of package net: what begins with @ or a
// zero byte is no file.
func unixAddress(address string) (string, error) {
	name, abstract := strings.CutPrefix(address, "\x00")
	if abstract {
		address = "@" + name
	}
	switch {
	case address == "":
		return "", fmt.Errorf("%w: empty", ErrAddress)
	case strings.ContainsRune(address, 0):
		return "", fmt.Errorf("%w: %q has a zero byte", ErrAddress, address)
	case len(address) > maxUnixPath:
		return "", fmt.Errorf("%w: %d bytes, at most %d", ErrAddress, len(address), maxUnixPath)
	}
	return address, nil
}

func isFile(address string) bool { return !strings.HasPrefix(address, "@") }

// somePath is a path that nobody has, where only this user can connect.
func somePath() (string, error) {
	if err := os.MkdirAll(shm.Dir(), 0o700); err != nil {
		return "", err
	}
	sweepSockets()
	return filepath.Join(shm.Dir(), somePrefix+rand.Text()[:10]+socketSuffix), nil
}

const (
	somePrefix   = "listener-"
	socketSuffix = ".sock"
	lockSuffix   = ".lock"
)

// sweepSockets removes what listeners that were killed have left at paths of somePath.
func sweepSockets() {
	paths, _ := filepath.Glob(filepath.Join(shm.Dir(), somePrefix+"*"+socketSuffix))
	for _, path := range paths {
		if isDead(path) {
			os.Remove(path) // a path is used by one listener ever
		}
	}
}

// isDead tells whether path is a unix socket that nobody has open. The kernel says so to
// a socket of another kind too, and then no listener takes it for a client.
func isDead(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return false
	}
	c, err := net.Dial("unixgram", path)
	if err == nil {
		c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// bindUnix listens at an address of unixAddress. A path that is left of a listener that
// was killed is taken over.
func bindUnix(ctx context.Context, address string, o *options) (*net.UnixListener, error) {
	ln, err := bindOnce(ctx, address, o)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return ln, err
	}
	if isFile(address) {
		unlock, e := lockPath(ctx, address+lockSuffix)
		if e != nil {
			return nil, fmt.Errorf("%w (%w)", ErrInUse, e)
		}
		defer unlock()
		// Two who both saw it dead must not remove what one of them binds next.
		if isDead(address) && os.Remove(address) == nil {
			ln, err = bindOnce(ctx, address, o)
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w (%w)", ErrInUse, err)
	}
	return ln, err
}

func bindOnce(ctx context.Context, address string, o *options) (*net.UnixListener, error) {
	config := net.ListenConfig{}
	if isFile(address) {
		config.Control = func(_, _ string, c sys.RawConn) (err error) {
			if e := c.Control(func(fd uintptr) { err = sys.Permit(int(fd), uint32(o.mode)) }); e != nil {
				return e
			}
			return err
		}
	}
	ln, err := config.Listen(ctx, "unix", address)
	if err != nil {
		return nil, err
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // it may be another's by then
	return ln.(*net.UnixListener), nil
}

// lockPath takes the lock that the file path stands for, which is there only as long.
func lockPath(ctx context.Context, path string) (unlock func(), err error) {
	for {
		f, err := sys.OpenLock(path)
		if err != nil {
			return nil, err
		}
		held, err := sys.TryLock(int(f.Fd()), 0, 1)
		if err != nil {
			f.Close()
			return nil, err
		}
		if held && stillAt(f, path) {
			return func() { os.Remove(path); f.Close() }, nil
		}
		f.Close()
		if !held {
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
	}
}

// stillAt tells whether path is f, which somebody may have removed before it was locked.
func stillAt(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(mine, there)
}
