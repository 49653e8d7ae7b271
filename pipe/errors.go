package pipe

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// What a caller may meet and handle; test with errors.Is. The end of what the other end
// sent is io.EOF, a deadline that has passed is os.ErrDeadlineExceeded.
var (
	// ErrClosed: this end was closed, or its writing half. Is net.ErrClosed.
	ErrClosed = fmt.Errorf("pipe: connection is closed: %w", net.ErrClosed)
	// ErrPeerGone: the other end is closed, or its process died, and what is sent reaches
	// nobody. Is syscall.EPIPE.
	ErrPeerGone = fmt.Errorf("pipe: nobody is at the other end: %w", syscall.EPIPE)
	// ErrDirection: this end only sends, or only receives.
	ErrDirection = errors.New("pipe: wrong direction")
	// ErrTooShort: the message is longer than what it may take; see [*TooShortError].
	ErrTooShort = errors.New("pipe: room for the message is too short")
	// ErrBusy: an end cannot be encoded while it is in use, or has half of a message.
	ErrBusy = errors.New("pipe: end is in use")
	// ErrNoHandle: a connection of this family cannot be encoded.
	ErrNoHandle = errors.New("pipe: connection has no handle")
	// ErrEnd: an end other than 0 or 1.
	ErrEnd = errors.New("pipe: no such end")
	// ErrOpen: an end was decoded into a Conn that is in use.
	ErrOpen = errors.New("pipe: connection is open already")
)

// TooShortError tells how long the next message is, and how much was allowed. The message
// stays: a later call with more room gets it. Is [ErrTooShort]. It is plain data of one
// process, which dies with it.
type TooShortError struct{ Size, Room int }

func (e *TooShortError) Error() string {
	return fmt.Sprintf("%v: %d bytes into %d", ErrTooShort, e.Size, e.Room)
}

// Is makes errors.Is(err, ErrTooShort) true.
func (e *TooShortError) Is(target error) bool { return target == ErrTooShort }

// CodecError tells that a value could not be encoded, or a message not be decoded, which
// is taken all the same. It is plain data of one process, which dies with it.
type CodecError struct {
	Op  string // "encode", "decode"
	Err error  // of the CBOR codec
}

func (e *CodecError) Error() string { return "pipe: " + e.Op + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *CodecError) Unwrap() error { return e.Err }
