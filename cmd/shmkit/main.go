package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"shmkit/shm"
)

const usage = `usage: shmkit COMMAND [FLAGS] [SEGMENT…]

A segment is a name in the directory of segments, or a path.

  ls                  list the segments, after sweeping what killed processes left
  inspect SEGMENT     participants, objects, locks and heap of a segment
    --numpy           print the np.memmap line of each array instead
  check SEGMENT…      walk every structure and report what is broken
  rm SEGMENT…         remove segments; SEGMENT#OBJECT removes a named object
    --force           remove a file even if its header is damaged
  doctor              sweep and check everything in the directory
  version             version of the segment format

Flags of every command:
  --json              machine-readable output
  --dir DIR           directory of segments (default $SHMKIT_DIR or /dev/shm/shmkit-UID)
`

// errUsage is a wrong command line, errFound a finding that was printed already.
var (
	errUsage = errors.New("main: wrong usage")
	errFound = errors.New("main: something was found")
)

// command is one invocation.
type command struct {
	out   io.Writer
	json  bool
	numpy bool
	force bool
	args  []string
}

var commands = map[string]func(*command) error{
	"ls": (*command).ls, "inspect": (*command).inspect, "check": (*command).check,
	"rm": (*command).rm, "doctor": (*command).doctor, "version": (*command).version,
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	c, err := parse(args, out, errs)
	switch {
	case err != nil:
	case len(c.args) == 0 || c.args[0] == "help":
		fmt.Fprint(out, usage)
	case commands[c.args[0]] == nil:
		fmt.Fprintf(errs, "shmkit: unknown command %q\n", c.args[0])
		err = errUsage
	default:
		f := commands[c.args[0]]
		c.args = c.args[1:]
		err = f(c)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprint(errs, usage)
		return 2
	case !errors.Is(err, errFound):
		fmt.Fprintln(errs, "shmkit:", strings.TrimPrefix(err.Error(), "shm: "))
	}
	return 1
}

// parse reads flags before, between and after operands.
func parse(args []string, out, errs io.Writer) (*command, error) {
	c := &command{out: out}
	flags := flag.NewFlagSet("shmkit", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() {}
	flags.BoolVar(&c.json, "json", false, "")
	flags.BoolVar(&c.numpy, "numpy", false, "")
	flags.BoolVar(&c.force, "force", false, "")
	dir := flags.String("dir", "", "")
	for {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			c.args = []string{"help"}
			return c, nil
		} else if err != nil {
			return nil, errUsage
		}
		if args = flags.Args(); len(args) == 0 {
			break
		}
		c.args, args = append(c.args, args[0]), args[1:]
	}
	if *dir != "" {
		if err := os.Setenv(shm.DirEnv, *dir); err != nil {
			return nil, err
		}
	}
	return c, nil
}
