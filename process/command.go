package process

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Program is another program, in C or Python, say, that can be started. Make it with
// [Command]. It may be used by several goroutines; if its process dies that is the error of
// its Wait.
type Program struct {
	name string
	args []string
}

// Command is the program called name, which is looked for as a shell does, with arguments.
func Command(name string, args ...string) *Program { return &Program{name, slices.Clone(args)} }

// Start starts a process that runs the program, with the same options as a function; it is
// given shared objects with [Share]; [Executable] has no meaning. When ctx ends it is killed, after [Grace] if there is
// one, in which it gets SIGTERM. Errors: [*StartError].
//
// The process begins as this program, which makes itself what options say, and then becomes
// the other one. It inherits no descriptor that was not passed. This needs no call of Main.
func (c *Program) Start(ctx context.Context, options ...Option) (*Process, error) {
	s := settingsOf(options)
	s.executable = ""
	path, err := exec.LookPath(c.name)
	if err == nil {
		path, err = filepath.Abs(path) // it may run elsewhere
	}
	if err != nil {
		return nil, &StartError{Name: c.name, Reason: "the program cannot be run", Err: err}
	}
	environment, err := s.environment()
	if err != nil {
		return nil, err
	}
	e := &program{Path: path, Args: append([]string{c.name}, c.args...), Env: environment}
	return start(ctx, task{order: order{Exec: e}}, s)
}

// environment is what a child finds: each variable once, with the last value, since programs
// differ in which one they take.
func (s *settings) environment() ([]string, error) {
	var list []string
	if !s.clearEnv {
		list = os.Environ()
	}
	if path, err := filepath.Abs(s.dir); err == nil && s.dir != "" {
		list = append(list, "PWD="+path)
	}
	list = append(list, s.env...)
	for _, share := range s.shares {
		text, err := share.handle.MarshalText()
		if err != nil {
			return nil, err
		}
		list = append(list, share.key+"="+string(text))
	}
	seen := map[string]bool{}
	slices.Reverse(list)
	list = slices.DeleteFunc(list, func(s string) bool {
		key, _, _ := strings.Cut(s, "=")
		again := seen[key]
		seen[key] = true
		return again
	})
	slices.Reverse(list)
	return list, nil
}
