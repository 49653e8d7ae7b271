package pipe

import (
	"errors"
	"fmt"
	"syscall"
)

// What a caller may meet and handle with sockets; test with errors.Is. What the kernel
// answered otherwise is a *net.OpError.
var (
	// ErrAuth: the other end did not show that it has the key, or refused ours; see
	// [*AuthError].
	ErrAuth = errors.New("pipe: authentication failed")
	// ErrWeakKey: a key that is too short for [KeyTLS].
	ErrWeakKey = errors.New("pipe: weak key")
	// ErrTooLong: a message that is longer than the connection takes; see
	// [*TooLongError].
	ErrTooLong = errors.New("pipe: message is too long")
	// ErrFrame: the other end sent what is no message. Nothing more can be received.
	ErrFrame = errors.New("pipe: bad frame")
	// ErrTLS: only one of the two ends speaks TLS.
	ErrTLS = errors.New("pipe: one end speaks TLS and one does not")
	// ErrCut: a context ended, or a deadline passed, when a part of a message had been
	// sent. The other end gets io.ErrUnexpectedEOF for it, and nothing more can be sent.
	ErrCut = errors.New("pipe: a message was cut while it was sent")
	// ErrCutOff: the other end of a tcp connection cannot be reached any more, or its
	// machine has gone without a word; see WithKeepAlive. Is syscall.ETIMEDOUT.
	ErrCutOff = fmt.Errorf("pipe: the other end is cut off: %w", syscall.ETIMEDOUT)
	// ErrFamily: no family of addresses has that name, or it cannot do what an option or
	// a method asks.
	ErrFamily = errors.New("pipe: wrong family")
	// ErrAddress: no address of that family.
	ErrAddress = errors.New("pipe: bad address")
	// ErrInUse: somebody listens at that address. Is syscall.EADDRINUSE.
	ErrInUse = fmt.Errorf("pipe: somebody listens at the address: %w", syscall.EADDRINUSE)
	// ErrFile: an open file comes next; RecvFile takes it.
	ErrFile = errors.New("pipe: next is a file, not a message")
	// ErrNoFile: no open file comes next. What does come stays.
	ErrNoFile = errors.New("pipe: next is not a file")
	// ErrEvicted: a listener gave up on a client that was slow to authenticate because
	// many others wait.
	ErrEvicted = errors.New("pipe: too many clients are to be authenticated")
)

// TooLongError tells how long a message is that is to be sent, or that the other end
// announced, and how long one may be. In the second case nothing more can be received. Is
// [ErrTooLong]. It is plain data of one process, which dies with it.
type TooLongError struct{ Size, Max uint64 }

func (e *TooLongError) Error() string {
	return fmt.Sprintf("%v: %d bytes, at most %d", ErrTooLong, e.Size, e.Max)
}

// Is makes errors.Is(err, ErrTooLong) true.
func (e *TooLongError) Is(target error) bool { return target == ErrTooLong }

// AuthError tells why an authentication failed. Is [ErrAuth]. It is plain data of one
// process, which dies with it.
type AuthError struct {
	Reason string
	Err    error // of the connection, or nil
}

func (e *AuthError) Error() string {
	text := ErrAuth.Error() + ": " + e.Reason
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is makes errors.Is(err, ErrAuth) true.
func (e *AuthError) Is(target error) bool { return target == ErrAuth }

// Unwrap gives the error of the connection, or nil.
func (e *AuthError) Unwrap() error { return e.Err }

// cutOff is [ErrCutOff] if that is what err of a socket means, or nil. What routers or our own
// kernel said last is in err then.
func (s *socket) cutOff(err error) error {
	if s.guard.cut.Load() {
		return ErrCutOff
	}
	for _, e := range []error{syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN} {
		if errors.Is(err, e) {
			s.guard.cut.Store(true) // the kernel says so once
			return fmt.Errorf("%w (%w)", ErrCutOff, err)
		}
	}
	return nil
}

// errWantsKey is for one who was sent a challenge and does not expect any.
func errWantsKey() error {
	return &AuthError{Reason: "the other end asks for a key: dial it WithKey"}
}
