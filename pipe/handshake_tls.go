package pipe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Records of TLS begin with their type and the version, which is of 3.x ever since. As the
// head of a frame these are more than 352 MB.
const (
	tlsAlert     = 0x15
	tlsHandshake = 0x16
	tlsMajor     = 3
)

// alertFrame is a record of TLS: an alert, that a message was not expected. It is for a
// client that does not speak TLS and takes it for a frame; see likeTLS.
var alertFrame = []byte{tlsAlert, tlsMajor, 1, 0, 2, 2, 10}

// likeTLS tells whether a stream that begins with b is one of TLS.
func likeTLS(b []byte) bool {
	return len(b) >= 2 && (b[0] == tlsAlert || b[0] == tlsHandshake) && b[1] == tlsMajor
}

// secure makes s one of TLS.
func (s *stream) secure(ctx context.Context, o *options, dialed bool) error {
	secured := tls.Server
	if dialed {
		secured = tls.Client
	}
	t := secured(s.sock, o.tls)
	s.conn = t
	err := t.HandshakeContext(ctx)
	if err == nil {
		return nil
	}
	err = s.unheard(refusedKey(o.tls, reason(ctx, err)), "does the other end speak TLS?")
	var alien tls.RecordHeaderError
	if !errors.As(err, &alien) {
		return err
	}
	if !dialed {
		s.sock.push(alertFrame, nil)
	}
	return fmt.Errorf("%w: this one does, the other does not (%w)", ErrTLS, err)
}

// unheard adds to the error of a handshake, in which the other end said nothing at all, what
// the reason may be.
func (s *stream) unheard(err error, perhaps string) error {
	silent := errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
	if err == nil || s.sock.heard || !silent {
		return err
	}
	return fmt.Errorf("%w (nothing came: %s)", midway(err), perhaps)
}
