package pipe

import (
	"context"
	"io"
	"net"
)

// establish makes a connection of a new socket, which it closes if that fails. It takes
// as long as ctx allows, whatever the other end does.
func establish(ctx context.Context, family string, c net.Conn, o *options, dialed bool) (*Conn, error) {
	sock, err := newSocket(c)
	if err != nil {
		c.Close()
		return nil, err
	}
	s := newStream(sock, handshakeSize)
	if err := sock.watch(o.idle); err != nil {
		s.drop()
		return nil, err
	}
	if err := s.greet(ctx, o, dialed); err != nil {
		s.drop()
		return nil, err
	}
	if family == shmFamily && dialed {
		return s.grasp(ctx, o.limit)
	} else if family == shmFamily {
		return s.hand(ctx, o)
	}
	s.limit = o.limit
	return new(Conn).init(s), nil
}

func (s *stream) greet(ctx context.Context, o *options, dialed bool) error {
	if o.tls != nil {
		if err := s.secure(ctx, o, dialed); err != nil {
			return err
		}
	}
	if !o.keyed {
		return nil
	}
	// The one that listens asks first.
	if dialed {
		p := newProver(s, o, &byDialers)
		if err := p.answer(ctx); err != nil {
			return s.unheard(err, "does the other end want TLS, or no key?")
		}
		return p.deliver(ctx)
	}
	p := newProver(s, o, &byListeners)
	if err := p.deliver(ctx); err != nil {
		return err
	}
	return p.answer(ctx)
}

// reason is why ctx ended if it did: TLS says only that the socket was closed.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// midway says that an end in the middle of the handshake is never a good one: io.EOF means
// that all is done.
func midway(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// drop closes the socket at once, without a farewell that would have to wait.
func (s *stream) drop() {
	s.shut.Store(true)
	s.sock.Close()
}
