package pipe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"shmkit/ring"
)

// Families of addresses.
const (
	unixFamily = "unix"
	tcpFamily  = "tcp"
	shmFamily  = "shm"
)

// Listen listens at an address of a family:
//
//	"unix"  a path; or @ and a name without a file, which anybody on this machine may
//	        connect to; "" is a path that nobody has, in shm.Dir
//	"shm"   a name in shm.Dir; or a path, if it has a slash; "" as for "unix". Connections
//	        go over shared memory, on the default heap of the process that listens
//	"tcp"   host:port; port 0 is a free one, "" is a free port of 127.0.0.1
//
// Errors: [ErrInUse] if somebody listens there; [ErrFamily]; [ErrAddress]; ring.ErrCapacity, see
// [WithRoom]; *net.OpError.
func Listen(family, address string, opts ...Option) (*Listener, error) {
	o := collect(opts)
	ctx, cancel := context.WithTimeoutCause(context.Background(), o.patient, os.ErrDeadlineExceeded)
	defer cancel()
	var l *Listener
	var err error
	switch {
	case o.tls != nil && family != tcpFamily:
		err = fmt.Errorf("%w: TLS is for %q, not %q", ErrFamily, tcpFamily, family)
	case family == unixFamily:
		l, err = listenUnix(ctx, family, address, o)
	case family == shmFamily && (o.room < 1 || o.room > ring.MaxRecords):
		err = fmt.Errorf("%w: room for %d bytes; it may be 1 to %d", ring.ErrCapacity, o.room, ring.MaxRecords)
	case family == shmFamily:
		var path string
		if path, err = rendezvousPath(address); err == nil {
			l, err = listenUnix(ctx, family, path, o)
		}
	case family == tcpFamily:
		l, err = listenTCP(ctx, address, o)
	default:
		err = fmt.Errorf("%w: %q; there are %q, %q and %q", ErrFamily, family, shmFamily, unixFamily, tcpFamily)
	}
	if err != nil {
		return nil, err
	}
	l.left.Add(1)
	go l.serve()
	return l, nil
}

func listenUnix(ctx context.Context, family, address string, o *options) (l *Listener, err error) {
	if address == "" {
		address, err = somePath()
	}
	if err == nil {
		address, err = unixAddress(address)
	}
	if err != nil {
		return nil, err
	}
	ln, err := bindUnix(ctx, address, o)
	if err != nil {
		return nil, err
	}
	l = start(family, address, ln, o)
	if isFile(address) {
		if l.info, err = os.Lstat(address); err != nil {
			ln.Close()
			return nil, err
		}
	}
	return l, nil
}

func listenTCP(ctx context.Context, address string, o *options) (*Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	ln, err := (&net.ListenConfig{KeepAlive: -1}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w (%w)", ErrInUse, err)
	case err != nil:
		return nil, err
	}
	return start(tcpFamily, ln.Addr().String(), ln, o), nil
}
