package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"shmkit/shm"
)

// errFound is the result of a command that printed already what is wrong.
var errFound = errors.New("main: something was found")

// usageError is a command line that makes no sense, and why.
type usageError string

func (e usageError) Error() string { return string(e) }

// command is one invocation.
type command struct {
	out, errs io.Writer
	json      bool
	numpy     bool
	force     bool
	n         int
	listen    string // family:address
	keyFile   string
	insecure  bool
	log       string // file
	sync      bool
	args      []string // operands, without the name of the command
	given     []string // names of the flags on the command line
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run executes a command line and returns the exit status.
func run(args []string, out, errs io.Writer) int {
	c := &command{out: out, errs: errs}
	err := c.parse(args)
	if err == nil {
		err = c.dispatch()
	}
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		c.complain("%v; see shmkit help", err)
		return 2
	case !errors.Is(err, errFound):
		c.fault(err)
	}
	return 1
}

func (c *command) dispatch() error {
	if len(c.args) == 0 {
		return usageError("no command")
	}
	name := c.args[0]
	c.args = c.args[1:]
	for _, v := range verbs() {
		if v.Name != name {
			continue
		}
		if err := v.accepts(c); err != nil {
			return err
		}
		return v.run(c)
	}
	return usageError(fmt.Sprintf("unknown command %q", name))
}

// parse reads flags before, between and after operands, up to a "--".
func (c *command) parse(args []string) error {
	flags := flag.NewFlagSet("shmkit", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&c.json, "json", false, "")
	flags.BoolVar(&c.numpy, "numpy", false, "")
	flags.BoolVar(&c.force, "force", false, "")
	flags.IntVar(&c.n, "n", 10, "")
	flags.StringVar(&c.listen, "listen", "", "")
	flags.StringVar(&c.keyFile, "key-file", "", "")
	flags.BoolVar(&c.insecure, "insecure", false, "")
	flags.StringVar(&c.log, "log", "", "")
	flags.BoolVar(&c.sync, "sync", false, "")
	dir := flags.String("dir", "", "")
	for len(args) > 0 {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			c.args = []string{"help"}
			return nil
		}
		if err != nil {
			return usageError(err.Error())
		}
		rest := flags.Args()
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			c.args = append(c.args, rest...)
			break
		}
		if len(rest) > 0 {
			c.args, rest = append(c.args, rest[0]), rest[1:]
		}
		args = rest
	}
	flags.Visit(func(f *flag.Flag) { c.given = append(c.given, f.Name) })
	if c.n < 1 {
		return usageError("-n is less than 1")
	}
	if !slices.Contains(c.given, "dir") {
		return nil
	}
	if *dir == "" {
		return usageError("--dir is empty")
	}
	return os.Setenv(shm.DirEnv, *dir)
}

// fault prints an error as one line.
func (c *command) fault(err error) {
	text := strings.TrimPrefix(err.Error(), "shm: ")
	c.complain("%s", strings.ReplaceAll(text, "\n", "; "))
}

func (c *command) complain(format string, args ...any) {
	fmt.Fprintln(c.errs, "shmkit:", printable(fmt.Sprintf(format, args...)))
}
