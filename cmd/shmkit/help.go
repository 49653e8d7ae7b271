package main

import (
	"fmt"
	"strings"
)

func (c *command) help() error {
	if c.json {
		return c.printJSON(map[string]any{"commands": verbs()})
	}
	fmt.Fprint(c.out, "usage: shmkit COMMAND [FLAG…] [SEGMENT…]\n\n",
		"A SEGMENT is a name in the directory of segments, or a path.\n\n")
	for _, v := range verbs() {
		fmt.Fprintf(c.out, "  %-20s %s\n", strings.TrimSpace(v.Name+" "+v.Operands), v.Summary)
	}
	_, err := fmt.Fprint(c.out, `
  --json               output for programs
  --dir DIR            directory of segments; else $SHMKIT_DIR or /dev/shm/shmkit-UID
  --numpy              inspect: a line of Python for each array, which maps it
  --force              rm: remove a file even if it is no segment any more
  -n N                 peek: at most N messages; else 10
  --listen F:ADDRESS   manager: shm:NAME, unix:PATH or tcp:HOST:PORT; without what
                       follows the colon a free one
  --key-file FILE      manager: clients must have the key in FILE; TLS over tcp is made
                       of it: 16 bytes or more
  --insecure           manager: tcp without TLS, and without a key if there is none
  --log FILE           manager: keep all that is done in FILE, and begin with it
  --sync               manager: with --log, answer when the disk has it

Exit status: 0 all is well, 1 something was found or failed, 2 wrong command line.
`)
	return err
}
