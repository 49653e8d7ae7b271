package shmtest

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// Child is the helper's end of its conversation with the test.
type Child struct {
	Args []string // what Start was given
	in   *bufio.Reader
}

func runHelper(name string) {
	f := helpers.all[name]
	if f == nil {
		fmt.Fprintf(os.Stderr, "shmtest: no helper %q in this binary\n", name)
		os.Exit(2)
	}
	f(&Child{Args: os.Args[1:], in: bufio.NewReader(os.Stdin)})
	os.Exit(0)
}

// Say sends a line to the test.
func (c *Child) Say(args ...any) { fmt.Fprintln(os.Stdout, args...) }

// Hear waits for a line from the test, and ends the process if the test has gone.
func (c *Child) Hear() string {
	line, err := c.in.ReadString('\n')
	if err != nil {
		os.Exit(3)
	}
	return strings.TrimSuffix(line, "\n")
}

// Park waits until the test ends or kills this process.
func (c *Child) Park() {
	for {
		c.Hear()
	}
}

// Must ends the process with a message if err is not nil.
func (c *Child) Must(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "helper %s: %v\n", os.Getenv(roleEnv), err)
		os.Exit(1)
	}
}
