package pipe

import (
	"context"
	"fmt"
	"net"
	"os"
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
		err = fmt.Errorf("%w: TLS over %q", ErrFamily, family)
	case family == unixFamily:
		address, err = unixAddress(address)
	case family == shmFamily:
		if address, err = rendezvousPath(address); err == nil {
			address, err = unixAddress(address)
		}
	case family == tcpFamily:
		err = o.nameServer(address)
	default:
		err = fmt.Errorf("%w: %q", ErrFamily, family)
	}
	if err != nil {
		return nil, err
	}
	network := family
	if family == shmFamily {
		network = unixFamily
	}
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		}
		return nil, err
	}
	return establish(ctx, family, c, o, true)
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
