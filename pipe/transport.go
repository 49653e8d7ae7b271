package pipe

import "context"

// transport carries messages one way or both. Each method may be called by several goroutines; sends exclude each other, receives too
// (Conn holds a mutex for each direction, so a transport sees one sender and one receiver at a time).
type transport interface {
	// send sends the concatenation of parts as one message; 0 bytes are a message too. It is sent whole or not at all, as far as the other
	// end can see. It waits for room until ctx ends.
	send(ctx context.Context, parts ...[]byte) error
	// trySend is send of b if that waits for nobody; sent is false if it would, and then nothing was sent. If rest is not nil, the message
	// is sent, and the caller runs rest, which may take any time, before the next send.
	trySend(b []byte) (sent bool, rest func(), err error)
	// next waits for a message and tells its size without taking it. io.EOF: the other end has closed, or died, and nothing is left.
	next(ctx context.Context) (size int, err error)
	// take copies the message that next told of into buf, which has room for it, and removes it.
	take(buf []byte) error
	closeWrite() error // the other end gets io.EOF after what was sent
	close() error      // both directions; those who wait get ErrClosed
	readable() bool    // has a receiving direction
	writable() bool
	longest() int  // length of the longest message
	local() string // address for people
	remote() string
}
