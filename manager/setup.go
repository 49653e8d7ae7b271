package manager

import (
	"crypto/tls"
	"errors"
	"slices"
	"time"

	"shmkit/internal/wire"
	"shmkit/pipe"
	"shmkit/process"
)

// A Setup changes how Serve, Start and Dial make servers and connections.
type Setup func(*setup)

// setup is what Setups say. Some of it counts for one end only.
type setup struct {
	key       []byte
	tls       *tls.Config
	insecure  bool
	limits    wire.Limits
	handshake time.Duration
	room      int
	reported  func(client string, err error)

	// Of servers.
	clientsMost  int
	stall        time.Duration
	log          logSetup
	grace, after time.Duration // how long sessions live without a connection; those of before

	// Of clients.
	patience time.Duration // how long it tries to connect again; 0: not at all
	timeout  time.Duration // of calls that have none; 0: none
	unknown  time.Duration // how long a call that was given up waits for what became of it

	// Of Start.
	family, address string
	shutdown        time.Duration
	initializer     string
	argument        []byte
	keep            any // what argument refers to

	private bool // shares no memory
	failed  error
}

// Limits are what the two ends of a connection allow; of what both say the smaller holds.
type Limits struct {
	// Frame is the length of the longest request and answer, in bytes.
	Frame int
	// Calls is how many calls of a client may be unanswered.
	Calls int
	// Objects is how many objects a client may refer to.
	Objects int
	// Results is how many bytes of answers are kept for a client, until it says that it has
	// them.
	Results int
}

const (
	defaultHandshake   = 10 * time.Second
	defaultStall       = 30 * time.Second
	defaultUnknown     = time.Second
	defaultShutdown    = time.Second
	defaultClientsMost = 1 << 16
	defaultRoom        = 32 << 10
)

// WithoutSharedMemory makes a server keep numbers where only it has access, or a client ask for
// them as those on other machines do. So it is over tcp, and with a log.
func WithoutSharedMemory() Setup { return func(s *setup) { s.private = true } }

func prepare(setups []Setup) *setup {
	s := &setup{
		limits: wire.DefaultLimits, handshake: defaultHandshake, room: defaultRoom,
		clientsMost: defaultClientsMost, stall: defaultStall, unknown: defaultUnknown, shutdown: defaultShutdown, after: defaultAfter,
		family: "shm",
	}
	for _, f := range setups {
		f(s)
	}
	return s
}

// WithKey makes both ends show each other that they have the key; see pipe.WithKey. Over
// tcp TLS is made of it, for which it must have 16 bytes, and should be 32 random ones; see
// pipe.KeyTLS. By default, over tcp, and at unix addresses that begin with @, the key is
// process.AuthKey, which only processes have that this program has started. At addresses
// that are files there is none by default: they are of this user alone.
func WithKey(key []byte) Setup { return func(s *setup) { s.key = slices.Clone(key) } }

// WithTLS makes TLS of this configuration, in place of one that is made of the key. Both ends
// have to show that they have the key all the same.
func WithTLS(config *tls.Config) Setup { return func(s *setup) { s.tls = config } }

// Insecure leaves out TLS over tcp, and also the key, unless there is WithKey: whoever is on
// the way can read and change everything, and without a key whoever can connect can.
func Insecure() Setup { return func(s *setup) { s.insecure = true } }

// WithLimits sets limits; what is 0 stays as it is by default: frames of 64 MiB, 4096 calls,
// 1 Mi objects, 64 MiB of results.
func WithLimits(l Limits) Setup {
	return func(s *setup) {
		for _, x := range []struct {
			to   *uint64
			from int
		}{{&s.limits.Frame, l.Frame}, {&s.limits.Calls, l.Calls}, {&s.limits.Objects, l.Objects}, {&s.limits.Results, l.Results}} {
			switch {
			case x.from < 0:
				s.failed = errors.Join(s.failed, ErrArgument)
			case x.from > 0:
				*x.to = uint64(x.from)
			}
		}
		s.limits.Frame = min(max(s.limits.Frame, wire.HeaderLen+leastBody), wire.MaxFrame)
	}
}

// WithHandshakeTimeout sets how long connecting, authentication and greeting may take each;
// the default is 10 s.
func WithHandshakeTimeout(d time.Duration) Setup { return func(s *setup) { s.handshake = d } }

// WithRoom sets how many bytes wait in each direction of a connection of the family "shm",
// for a server; the default is 32 KiB. See pipe.WithRoom.
func WithRoom(n int) Setup { return func(s *setup) { s.room = n } }

// WithMaxClients sets how many clients a server has at once; the default is 65536.
func WithMaxClients(n int) Setup { return func(s *setup) { s.clientsMost = n } }

// WithStallTimeout sets for how long a client that does not read what is there for it, more
// than 1 MiB, stays connected to a server; the default is 30 s.
func WithStallTimeout(d time.Duration) Setup { return func(s *setup) { s.stall = d } }

// WithReport makes a server call f for each client that it refuses or cuts off, with the
// reason. Calls may run concurrently.
func WithReport(f func(client string, err error)) Setup {
	return func(s *setup) { s.reported = f }
}

// WithTimeout gives each call of a client whose context has no deadline one so far away: it
// then gives os.ErrDeadlineExceeded. By default there is none.
func WithTimeout(d time.Duration) Setup { return func(s *setup) { s.timeout = d } }

// WithUnknown sets how long a call of a client whose context has ended waits for the server
// to say what became of it; the default is 1 s. See [ErrUnknown].
func WithUnknown(d time.Duration) Setup { return func(s *setup) { s.unknown = d } }

// WithAddress says where a server that Start starts listens; by default that is a path that
// nobody has, of the family "shm".
func WithAddress(family, address string) Setup {
	return func(s *setup) { s.family, s.address = family, address }
}

// WithShutdownTimeout sets how long each step of Manager.Shutdown takes at most: asking,
// SIGTERM. The default is 1 s.
func WithShutdownTimeout(d time.Duration) Setup { return func(s *setup) { s.shutdown = d } }

// public tells whether anybody who can reach the address can connect.
func public(family, address string) bool {
	return family == "tcp" || len(address) > 0 && address[0] == '@'
}

// connection is the options of package pipe for one end.
func (s *setup) connection(family, address string, serves bool) ([]pipe.Option, error) {
	if s.failed != nil {
		return nil, s.failed
	}
	options := []pipe.Option{
		pipe.WithHandshakeTimeout(s.handshake), pipe.WithRoom(s.room), pipe.WithMaxMessage(int(longest(s.limits))),
	}
	if s.reported != nil {
		options = append(options, pipe.WithRefused(s.reported))
	}
	key := s.key
	if key == nil && public(family, address) && !s.insecure {
		key = process.AuthKey()
	}
	config := s.tls
	if family == "tcp" && config == nil && !s.insecure {
		server, client, err := pipe.KeyTLS(key)
		if err != nil {
			return nil, err
		}
		if key, config = nil, client; serves {
			config = server
		}
	}
	if config != nil {
		options = append(options, pipe.WithTLS(config))
	}
	if key != nil {
		options = append(options, pipe.WithKey(key))
	}
	return options, nil
}

// mostWaiting is how many bytes may wait for a client.
func (s *setup) mostWaiting() int { return int(s.limits.Frame+s.limits.Results) + full }

func (s *setup) report(client string, err error) {
	if s.reported != nil {
		s.reported(client, err)
	}
}
