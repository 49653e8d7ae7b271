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
	if len(c.args) == 0 {
		return errUsage
	}
	return c.report(checkAll(c.args))
}

// checkAll checks each segment; a file that cannot even be opened is a finding.
func checkAll(names []string) (records []checkRecord) {
	for _, name := range names {
		r := checkRecord{Path: name, Violations: []string{}}
		found, err := shm.Check(name)
		if err != nil {
			r.Error = err.Error()
		}
		for _, v := range found {
			r.Violations = append(r.Violations, v.String())
		}
		records = append(records, r)
	}
	return records
}

// report prints what was found, and fails if that is anything.
func (c *command) report(records []checkRecord) error {
	if c.json {
		if err := c.printJSON(records); err != nil {
			return err
		}
		return verdict(records)
	}
	for _, r := range records {
		c.printCheck(r)
	}
	return verdict(records)
}

func verdict(records []checkRecord) error {
	for _, r := range records {
		if r.Error != "" || len(r.Violations) > 0 {
			return errFound
		}
	}
	return nil
}

func (c *command) printCheck(r checkRecord) {
	switch {
	case r.Error != "":
		fmt.Fprintf(c.out, "%s: %s\n", r.Path, r.Error)
	case len(r.Violations) == 0:
		fmt.Fprintf(c.out, "%s: sound\n", r.Path)
	}
	for _, v := range r.Violations {
		fmt.Fprintf(c.out, "%s: %s\n", r.Path, v)
	}
}
