package main

import (
	"fmt"

	"shmkit/shm"
)

type checkRecord struct {
	Path       string   `json:"path"`
	Error      string   `json:"error,omitempty"`
	Violations []string `json:"violations"`
}

func (c *command) check() error {
	records := []checkRecord{}
	for _, name := range c.args {
		records = append(records, checkOne(name))
	}
	if c.json {
		if err := c.printJSON(records); err != nil {
			return err
		}
	}
	return c.report(records)
}

// checkOne checks a segment; a file that cannot even be opened is a finding.
func checkOne(name string) checkRecord {
	found, err := shm.Check(name)
	r := checkRecord{Path: name, Violations: []string{}}
	if err != nil {
		r.Error = reason(err)
	}
	for _, v := range found {
		r.Violations = append(r.Violations, v.String())
	}
	return r
}

// report fails if there is any finding. Unless the records went out as JSON
// already, it prints them.
func (c *command) report(records []checkRecord) (err error) {
	for _, r := range records {
		if r.Error != "" || len(r.Violations) > 0 {
			err = errFound
		}
		if !c.json {
			c.printCheck(r)
		}
	}
	return err
}

func (c *command) printCheck(r checkRecord) {
	switch {
	case r.Error != "":
		fmt.Fprintf(c.out, "%s: unsound: %s\n", printable(r.Path), printable(r.Error))
	case len(r.Violations) == 0:
		fmt.Fprintf(c.out, "%s: sound\n", printable(r.Path))
	}
	for _, v := range r.Violations {
		fmt.Fprintf(c.out, "%s: %s\n", printable(r.Path), printable(v))
	}
}
