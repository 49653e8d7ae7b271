// Package pipe gives connections: messages from one process to another, and back, whole and
// in order.
//
// The model: a connection has two ends, each of which is a [Conn]. Over shared memory it is
// a pair of rings, which a message enters and leaves by one copy each. An end is a handle:
// encode it, and whoever decodes it has that end from then on, in whatever process. An end is
// that of one process at a time, which gives it up when it encodes it; all goroutines of
// that process may use it.
//
// Guarantees: a message is received whole, as it was sent, or not at all; one that was
// sent is received whatever becomes of the sender. When the process of an end closes it, or
// is killed at any instruction, the other end receives what was sent and then io.EOF, and
// sending gives [ErrPeerGone]: the kernel tells it, also if it sleeps, at once or, if it has
// just begun to, within 4 ms. A process may take the end of a dead one over, and goes on with
// whole messages. In the terminology of the Go memory model, the sending of a message
// synchronizes before its receiving. No system call is made while nobody sleeps, and nobody
// sleeps while there is something to do.
//
// [Listen] and [Dial] connect programs that are not related. Family "shm" ends in a pair of
// rings; "unix" and "tcp" carry the same messages over a socket, in the frames of CPython's
// multiprocessing.connection, with its mutual authentication if there is a key, so that
// either end may be Python (send_bytes and recv_bytes: what Send sends is CBOR, no pickle).
// Over a unix socket go open files too, and whole connections. A socket is no handle. If its
// process dies in the middle of a message the other end gets io.ErrUnexpectedEOF, which a
// message never follows; if its machine cannot be reached any more, [ErrCutOff]. Who
// receives from a socket looks for up to 100 µs before it sleeps, where that has paid before.
//
// What it does not do: a long message is sent in pieces, and fails with its sender. What a
// receiver had taken is lost with it. An end that was encoded and that nobody has decoded
// belongs to nobody, so that nobody's death ends it.
//
//	a, b, err := pipe.New(true)
//	…                                // b.MarshalText() goes to a child, say as an argument
//	err = a.Send(job{"count", 3})    // here
//	j, err := pipe.Recv[job](b)      // in the child, which has decoded b
package pipe
