package pool

import (
	"fmt"
	"runtime"
	"time"

	"shmkit/internal/codec"
	"shmkit/internal/sys"
	"shmkit/process"
)

// Option says how to make a Pool. It is plain data of one process.
type Option interface{ pool(*settings) error }

// CallOption says how to run tasks. It is plain data of one process.
type CallOption interface{ call(*call) error }

// EitherOption says how to run the tasks of a call, or all of a pool for which their call
// says nothing else. It is plain data of one process.
type EitherOption interface {
	Option
	CallOption
}

type (
	poolOption func(*settings) error
	callOption func(*call) error
)

func (o poolOption) pool(s *settings) error { return o(s) }
func (o callOption) call(c *call) error     { return o(c) }
func (o callOption) pool(s *settings) error { return o(&s.calls) }

// settings are what options of a pool say.
type settings struct {
	name     string
	places   int // of tasks that workers may take
	init     string
	initArg  []byte
	keepArg  any // what initArg refers to
	perChild int
	memory   uint64
	grace    time.Duration
	worker   []process.Option
	calls    call // what calls do not say
}

// call is what options of a call say.
type call struct {
	chunk    int // 0: as many as the number of items suggests
	retries  int
	timeout  time.Duration
	inFlight int // 0: as many as the number of workers suggests
	progress func(done, total int)
}

const (
	blockSize   = 4 << 10 // of the queues
	fewPlaces   = 512
	mostPlaces  = 1 << 16
	mostWorkers = 1000 // the segment has room for some more processes
)

// Default is how many workers a pool has for work that is done by the processor: as many as
// there are processors for this process.
func Default() int { return runtime.GOMAXPROCS(0) }

// settingsOf are the defaults, changed by options.
func settingsOf(workers int, options []Option) (*settings, error) {
	if workers < 1 || workers > mostWorkers {
		return nil, fmt.Errorf("%w, and at most %d: not %d", ErrWorkers, mostWorkers, workers)
	}
	s := &settings{name: "Pool"}
	for _, o := range options {
		if err := o.pool(s); err != nil {
			return nil, err
		}
	}
	if s.places == 0 {
		s.places = max(fewPlaces, 4*workers)
	}
	return s, nil
}

// WithInitializer runs f in each worker before its first task. If it fails a new worker is
// tried, a few times, and then the pool is broken: see [InitError].
func WithInitializer[A any](f *process.Func[A, process.None], arg A) Option {
	return poolOption(func(s *settings) error {
		buf := codec.NewBuffer() // it is not given back
		if err := codec.Encode(buf, arg); err != nil {
			return err
		}
		s.init, s.initArg, s.keepArg = f.Name(), buf.Bytes(), arg
		return nil
	})
}

// TasksPerChild ends each worker after so many tasks, and starts a new one. A chunk of items
// is one task.
func TasksPerChild(n int) Option {
	return poolOption(func(s *settings) error {
		s.perChild = n
		return atLeast(1, "TasksPerChild", n)
	})
}

// leastMemory is what the Go runtime does not begin without.
const leastMemory = 64 << 20

// MemoryLimit is how much memory a worker may have, in bytes, shared memory aside: its
// RLIMIT_DATA. The Go runtime needs some 100 MiB of that. A worker that asks for more dies
// with the task that it runs.
func MemoryLimit(bytes uint64) Option {
	return poolOption(func(s *settings) error {
		s.memory = bytes
		s.worker = append(s.worker, process.Limit(sys.LimitData, bytes))
		if bytes < leastMemory {
			return fmt.Errorf("%w: MemoryLimit(%d): no worker begins with less than %d", ErrOption, bytes, leastMemory)
		}
		return nil
	})
}

// Grace is how much longer a task may run than its [TaskTimeout], at which its context ends.
// By default its worker is killed at once.
func Grace(d time.Duration) Option {
	return poolOption(func(s *settings) error {
		s.grace = d
		return atLeast(0, "Grace", d)
	})
}

// QueueSize is how many tasks may be with the workers, or on the way to them; more wait in
// this process. By default 512, or four for each worker if that is more.
func QueueSize(n int) Option {
	return poolOption(func(s *settings) error {
		s.places = n
		if n > mostPlaces {
			return fmt.Errorf("%w: QueueSize(%d), more than %d", ErrOption, n, mostPlaces)
		}
		return atLeast(1, "QueueSize", n)
	})
}

// Name is what the pool is called; its workers are Name-Worker-1 and so on.
func Name(name string) Option {
	return poolOption(func(s *settings) error { s.name = name; return nil })
}

// WorkerOptions are for the processes of the workers. They are daemons, and each leads a
// group, in any case.
func WorkerOptions(options ...process.Option) Option {
	return poolOption(func(s *settings) error { s.worker = append(s.worker, options...); return nil })
}

// TaskTimeout is how long a task may run, from when a worker begins it. Then its context
// ends; if that does not end it, its worker is killed: see [Grace]. The error is, in either
// case, context.DeadlineExceeded. 0 is no limit.
func TaskTimeout(d time.Duration) EitherOption {
	return callOption(func(c *call) error {
		c.timeout = d
		return atLeast(0, "TaskTimeout", d)
	})
}

// Retries says that the functions are idempotent: a task whose worker dies is run again, up
// to n times, and then fails with a [*PoisonError].
func Retries(n int) EitherOption {
	return callOption(func(c *call) error {
		c.retries = n
		return atLeast(0, "Retries", n)
	})
}

// ChunkSize is how many items are one task. By default Map makes four tasks for each worker,
// and Imap one for each item.
func ChunkSize(n int) CallOption {
	return callOption(func(c *call) error {
		c.chunk = n
		return atLeast(1, "ChunkSize", n)
	})
}

// InFlight is how many items Imap takes from its input before their results are taken from
// it. By default that is four chunks for each worker.
func InFlight(n int) CallOption {
	return callOption(func(c *call) error {
		c.inFlight = n
		return atLeast(1, "InFlight", n)
	})
}

// Progress is called while items are done, in one goroutine at a time, with how many have
// ended in whatever way, of how many there are; -1 if that is not known yet. It may be slow:
// it is called with the newest number, and not with every one. The last call is before the
// tasks have ended for others.
func Progress(f func(done, total int)) CallOption {
	return callOption(func(c *call) error { c.progress = f; return nil })
}

func atLeast[N int | time.Duration](least N, name string, n N) error {
	if n < least {
		return fmt.Errorf("%w: %s(%v), less than %v", ErrOption, name, n, least)
	}
	return nil
}

// callOf is what options of a call say.
func (s *settings) callOf(options []CallOption) (call, error) {
	c := s.calls
	for _, o := range options {
		if err := o.call(&c); err != nil {
			return c, err
		}
	}
	return c, nil
}
