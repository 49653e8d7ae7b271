package main

import (
	"fmt"
	"math"
	"slices"
)

// verb is what the first operand names. Its exported fields are the JSON of help.
type verb struct {
	Name     string   `json:"name"`
	Operands string   `json:"operands"`
	Flags    []string `json:"flags"` // without those that every command takes
	Summary  string   `json:"summary"`

	least, most int // operands
	run         func(*command) error
}

func verbs() []verb {
	const many = math.MaxInt
	none := []string{}
	return []verb{
		{"ls", "", none, "list the segments, after removing what killed processes left", 0, 0, (*command).ls},
		{"inspect", "SEGMENT", []string{"numpy"}, "participants, objects, locks, queues and heap of a segment", 1, 1, (*command).inspect},
		{"peek", "SEGMENT OBJECT", []string{"n"}, "the messages that wait in a queue, which stay there", 2, 2, (*command).peek},
		{"check", "SEGMENT…", none, "walk every structure and report what is broken", 1, many, (*command).check},
		{"rm", "SEGMENT…", []string{"force"}, "remove segments, or named objects: SEGMENT#OBJECT", 1, many, (*command).rm},
		{"doctor", "", none, "clean up after the dead in all segments, and check them", 0, 0, (*command).doctor},
		{"manager", "", []string{"listen", "key-file", "insecure", "log", "sync"}, "serve shared objects, until SIGTERM or SIGINT; prints where, when it is ready", 0, 0, (*command).manager},
		{"version", "", none, "version of this program and of the segment format", 0, 0, (*command).version},
		{"help", "", none, "this text", 0, 0, (*command).help},
	}
}

// accepts tells what is wrong with the operands and flags of c, if anything.
func (v verb) accepts(c *command) error {
	switch n := len(c.args); {
	case n < v.least:
		return usageError(v.Name + ": " + v.Operands + " is missing")
	case n > v.most:
		return usageError(fmt.Sprintf("%s: %q is too much", v.Name, c.args[v.most]))
	}
	for _, f := range c.given {
		if f != "json" && f != "dir" && !slices.Contains(v.Flags, f) {
			return usageError(fmt.Sprintf("%s: no flag --%s", v.Name, f))
		}
	}
	return nil
}
