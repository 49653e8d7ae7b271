package process

import (
	"encoding"
	"io"
	"os"
	"slices"
	"time"
)

// Option says how to start a process.
type Option func(*settings)

// settings are what options say.
type settings struct {
	name       string
	daemon     *bool // nil: as this process
	group      bool
	grace      time.Duration
	env        []string
	clearEnv   bool
	dir        string
	stdin      io.Reader
	stdout     io.Writer
	stderr     io.Writer
	files      []*os.File
	limits     []limit
	cpus       []int
	executable string
	shares     []share
}

// share is a handle that is passed in the environment.
type share struct {
	key    string
	handle encoding.TextMarshaler
}

// settingsOf are the defaults, changed by options.
func settingsOf(options []Option) *settings {
	s := &settings{stdout: os.Stdout, stderr: os.Stderr}
	for _, option := range options {
		option(s)
	}
	return s
}

// Name is what the process is called, in place of Process-1, Process-1:1 and so on.
func Name(name string) Option { return func(s *settings) { s.name = name } }

// Daemon says whether the process is killed when this process ends, in whatever way, also if
// it is stopped by SIGSTOP. By default it is as this process is; the first one of a program
// is no daemon.
func Daemon(yes bool) Option { return func(s *settings) { s.daemon = &yes } }

// Group makes the process lead a process group: Terminate and Kill reach all that it
// started, and when it ends what is left of them is killed. Signals of the terminal do not
// reach it. If it is a daemon and this process is killed, it kills its group itself; a
// [Program] that is a daemon is killed alone then.
func Group() Option { return func(s *settings) { s.group = true } }

// Grace is how long the process may go on after the context of Start has ended: that of the
// function ends at once, and the process is killed after d. By default it is killed at
// once.
func Grace(d time.Duration) Option { return func(s *settings) { s.grace = d } }

// Env adds variables, in the form key=value, to the environment of this process.
func Env(list ...string) Option { return func(s *settings) { s.env = append(s.env, list...) } }

// ClearEnv makes the environment of the process begin empty: it has what Env and Share
// say, and nothing of that of this process.
func ClearEnv() Option { return func(s *settings) { s.clearEnv = true } }

// Dir is the working directory.
func Dir(path string) Option { return func(s *settings) { s.dir = path } }

// Stdin is what the process reads. By default that is empty.
func Stdin(r io.Reader) Option { return func(s *settings) { s.stdin = r } }

// Stdout is where the output of the process goes; by default where that of this process
// does. If w is no *os.File it is copied, and Wait waits for that, but not for
// grandchildren that keep the output open.
func Stdout(w io.Writer) Option { return func(s *settings) { s.stdout = w } }

// Stderr is Stdout for errors.
func Stderr(w io.Writer) Option { return func(s *settings) { s.stderr = w } }

// Files passes open files: they are the descriptors from 3 on.
func Files(files ...*os.File) Option {
	return func(s *settings) { s.files = append(s.files, files...) }
}

// Limit sets a resource limit, such as syscall.RLIMIT_AS, in its units.
func Limit(resource int, value uint64) Option {
	return func(s *settings) { s.limits = append(s.limits, limit{resource, value}) }
}

// CPUs are the processors that the process may run on, from 0.
func CPUs(list ...int) Option { return func(s *settings) { s.cpus = slices.Clone(list) } }

// Executable is the file to run in place of this program. It is the same program, or knows
// the function too, under its name and with its types.
func Executable(path string) Option { return func(s *settings) { s.executable = path } }

// Share passes the handle of a shared object in the environment variable key, as text. The
// object stays as long as the process runs.
func Share(key string, handle encoding.TextMarshaler) Option {
	return func(s *settings) { s.shares = append(s.shares, share{key, handle}) }
}
