package pipe

import (
	"crypto/tls"
	"io/fs"
	"slices"
	"time"
)

// Option changes how [Listen] and [Dial] make connections.
type Option func(*options)

type options struct {
	key     []byte
	keyed   bool
	md5     bool
	tls     *tls.Config
	patient time.Duration // for a handshake
	idle    time.Duration // before the other end is asked whether it is there; < 0: never
	limit   int
	room    int // of rings
	mode    fs.FileMode
	refused func(remote string, err error)
}

const (
	defaultHandshake = 10 * time.Second
	defaultLimit     = 256 << 20
	defaultIdle      = 10 * time.Second
)

// WithKey makes both ends show each other that they have the key, by HMAC-SHA256 of
// random challenges as CPython 3.12 and later do it; the key itself is not sent. An empty
// key is one, but not to the Listener of CPython before 3.13. Both ends must have a key or
// neither: an end without one takes the challenge of the other for a message.
//
// The challenge says that the other end, or somebody to whom it talks at the same time,
// has the key. It protects nothing that follows; over tcp that is what [WithTLS] is for, and
// [KeyTLS] if the key is all that there is.
func WithKey(key []byte) Option {
	return func(o *options) { o.key, o.keyed = slices.Clone(key), true }
}

// WithLegacyMD5 also authenticates with CPython before 3.12, which knows HMAC-MD5 only.
func WithLegacyMD5() Option { return func(o *options) { o.md5 = true } }

// WithTLS encrypts connections of the family "tcp", and lets the client know the server by
// its certificate. For Dial the ServerName is by default the host of the address. A
// connection that just ends, as when its process dies, gives io.ErrUnexpectedEOF
// instead of io.EOF: anybody on the way could have cut it. If only one end has TLS, whoever
// hears of it from the first bytes of the other gives [ErrTLS]; where each waits for the
// other to begin, as one that dials with a key and without TLS does, the handshake runs out
// of time.
func WithTLS(config *tls.Config) Option { return func(o *options) { o.tls = config } }

// WithHandshakeTimeout sets how long TLS and authentication may take together, and
// for Dial the connecting too; the default is 10 s.
func WithHandshakeTimeout(d time.Duration) Option { return func(o *options) { o.patient = d } }

// WithKeepAlive sets after how long a silence an end of the family "tcp" begins to ask
// whether the other end can still be reached; the default is 10 s, which 0 means too, and
// less than a second is one. It asks again after half of that each (or a second); when
// three have passed without an answer, after 25 s by default, the other end counts as cut
// off: receiving and sending give [ErrCutOff]. Who is asked is the kernel there: a process
// that is stopped, or does not receive, is not cut off, however long that takes. It takes up to
// two minutes longer if the other end had let its buffers fill before. Each end sets its own.
// idle < 0: never ask.
func WithKeepAlive(idle time.Duration) Option {
	return func(o *options) {
		if o.idle = idle; idle == 0 {
			o.idle = defaultIdle
		}
	}
}

// WithMaxMessage sets the length in bytes of the longest message, in both directions; the
// default is 256 MiB. A peer gets memory only for what it has sent.
func WithMaxMessage(n int) Option { return func(o *options) { o.limit = max(n, 0) } }

// WithRoom sets how many bytes wait in each direction of a connection of the family "shm",
// as for [NewRoom]; the default is [Room]. The listener makes the rings, so its value counts,
// and that of Dial does not. A message that takes more than half of it goes in pieces: slower,
// and not by [Conn.TrySendBytes].
func WithRoom(n int) Option { return func(o *options) { o.room = n } }

// WithMode sets the permission bits of the file of a unix listener; the default is 0600,
// less what the umask takes. Who may write to it may connect.
func WithMode(mode fs.FileMode) Option { return func(o *options) { o.mode = mode.Perm() } }

// WithRefused makes a listener call f for each client that it refuses, with a reason:
// [*AuthError], those of TLS, [ErrEvicted]; and with "" for what the kernel refuses, such
// as too many open files. Calls may run concurrently; Close of the listener waits for them.
func WithRefused(f func(remote string, err error)) Option {
	return func(o *options) { o.refused = f }
}

func collect(opts []Option) *options {
	o := &options{patient: defaultHandshake, idle: defaultIdle, limit: defaultLimit, room: Room, mode: 0o600}
	for _, opt := range opts {
		opt(o)
	}
	return o
}
