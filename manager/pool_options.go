package manager

import (
	"fmt"
	"time"

	"shmkit/internal/codec"
	"shmkit/pool"
	"shmkit/process"
)

// poolSettings are what Options of a Pool say, as they travel to the server.
type poolSettings struct {
	PerChild int
	Memory   uint64
	Grace    time.Duration
	Places   int
	Init     string
	Types    string // of Init
	InitArg  []byte
}

// TasksPerChild ends each worker of a Pool after so many tasks; see [pool.TasksPerChild].
func TasksPerChild(n int) Option {
	return func(s *settings) {
		if n < 1 {
			s.bad = fmt.Errorf("%w: TasksPerChild(%d)", pool.ErrOption, n)
		}
		s.pool.PerChild = n
	}
}

// WorkerMemory is how much memory a worker of a Pool may have, in bytes; see
// [pool.MemoryLimit].
func WorkerMemory(bytes uint64) Option { return func(s *settings) { s.pool.Memory = bytes } }

// Grace is how much longer a task of a Pool may run than its TaskTimeout; see [pool.Grace].
func Grace(d time.Duration) Option { return func(s *settings) { s.pool.Grace = d } }

// QueueSize is how many tasks of a Pool may be with its workers; see [pool.QueueSize].
func QueueSize(n int) Option { return func(s *settings) { s.pool.Places = n } }

// WorkerInitializer makes each worker of a Pool run f, of the server's program, before its
// first task; see [pool.WithInitializer].
func WorkerInitializer[A any](f *process.Func[A, process.None], arg A) Option {
	return func(s *settings) {
		buf := codec.NewBuffer() // it is not given back
		if err := codec.Encode(buf, arg); err != nil {
			s.bad = err
		}
		s.pool.Init, s.pool.Types, s.pool.InitArg, s.keep = f.Name(), f.Signature(), buf.Bytes(), arg
	}
}

// options are what they are for package pool.
func (s *poolSettings) options() (list []pool.Option, err error) {
	if s.PerChild > 0 {
		list = append(list, pool.TasksPerChild(s.PerChild))
	}
	if s.Memory > 0 {
		list = append(list, pool.MemoryLimit(s.Memory))
	}
	if s.Grace != 0 {
		list = append(list, pool.Grace(s.Grace))
	}
	if s.Places != 0 {
		list = append(list, pool.QueueSize(s.Places))
	}
	if s.Init != "" {
		f, ok := process.Lookup[encoded, process.None](s.Init)
		if !ok || f.Signature() != s.Types {
			return nil, fmt.Errorf("%w: initializer %q", ErrFunction, s.Init)
		}
		list = append(list, pool.WithInitializer(f, encoded(s.InitArg)))
	}
	return list, nil
}

// A TaskOption says how to run tasks of a Pool.
type TaskOption func(*taskSettings)

type taskSettings struct {
	timeout  time.Duration // less than 0: none is said
	retries  int
	chunk    int
	inFlight int
	bad      error
}

// ChunkSize is how many items are one task; see [pool.ChunkSize].
func ChunkSize(n int) TaskOption {
	return func(s *taskSettings) {
		if s.chunk = n; n < 1 {
			s.bad = fmt.Errorf("%w: ChunkSize(%d)", pool.ErrOption, n)
		}
	}
}

// TaskTimeout is how long a task may run; see [pool.TaskTimeout].
func TaskTimeout(d time.Duration) TaskOption {
	return func(s *taskSettings) {
		if s.timeout = d; d < 0 {
			s.bad = fmt.Errorf("%w: TaskTimeout(%v)", pool.ErrOption, d)
		}
	}
}

// Retries is how often a task is run again whose worker died; see [pool.Retries].
func Retries(n int) TaskOption {
	return func(s *taskSettings) {
		if s.retries = n; n < 0 {
			s.bad = fmt.Errorf("%w: Retries(%d)", pool.ErrOption, n)
		}
	}
}

// InFlight is how many items Imap takes from its input before their results are taken from
// it; by default 64 chunks.
func InFlight(n int) TaskOption {
	return func(s *taskSettings) {
		if s.inFlight = n; n < 1 {
			s.bad = fmt.Errorf("%w: InFlight(%d)", pool.ErrOption, n)
		}
	}
}

func taskSettingsOf(options []TaskOption) taskSettings {
	s := taskSettings{timeout: -1, retries: -1, chunk: -1}
	for _, o := range options {
		o(&s)
	}
	return s
}
