package pipe

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"
)

// Dial connects to a listener at an address of a family; see [Listen]. It waits for the
// connection and the handshake until ctx ends, or the time of [WithHandshakeTimeout] is
// over. Errors: [ErrAuth], see [*AuthError]; the cause of ctx; os.ErrDeadlineExceeded;
// [ErrFamily]; [ErrAddress]; those of TLS; *net.OpError.
func Dial(ctx context.Context, family, address string, opts ...Option) (*Conn, error) {
	o := collect(opts)
	ctx, cancel := context.WithTimeoutCause(ctx, o.patient, os.ErrDeadlineExceeded)
	defer cancel()
	var err error
	switch {
	case address == "":
		err = fmt.Errorf("%w: empty", ErrAddress)
	case o.tls != nil && family != tcpFamily:
		err = fmt.Errorf("%w: TLS is for %q, not %q", ErrFamily, tcpFamily, family)
	case family == unixFamily:
		address, err = unixAddress(address)
	case family == shmFamily:
		if address, err = rendezvousPath(address); err == nil {
			address, err = unixAddress(address)
		}
	case family == tcpFamily:
		err = o.nameServer(address)
	default:
		err = fmt.Errorf("%w: %q; there are %q, %q and %q", ErrFamily, family, shmFamily, unixFamily, tcpFamily)
	}
	if err != nil {
		return nil, err
	}
	network := family
	if family == shmFamily {
		network = unixFamily
	}
	dialer := net.Dialer{KeepAlive: -1} // see socket.watch
	c, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, blame(ctx, err)
	}
	return establish(ctx, family, c, o, true)
}

// blame names the cause of ctx if it was ctx that ended the dialing. The deadline of the
// socket passes a moment before ctx ends.
func blame(ctx context.Context, err error) error {
	if end, ok := ctx.Deadline(); ok && !time.Now().Before(end) {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
	}
	return err
}

// nameServer fills in whose certificate a server is to show.
func (o *options) nameServer(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	if o.tls != nil && o.tls.ServerName == "" {
		o.tls = o.tls.Clone()
		o.tls.ServerName = host
	}
	return nil
}
