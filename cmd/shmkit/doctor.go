package main

import (
	"errors"
	"fmt"

	"shmkit/shm"
)

type doctorRecord struct {
	Removed  int           `json:"removed_anonymous_segments"`
	Swept    int           `json:"swept_dead_participants"`
	Segments []checkRecord `json:"segments"`
}

// doctor removes what killed processes left, cleans up their slots, and checks
// everything.
func (c *command) doctor() error {
	if len(c.args) > 0 {
		return errUsage
	}
	removed, err := shm.Sweep()
	if err != nil {
		return err
	}
	list, err := shm.List()
	if err != nil {
		return err
	}
	d := doctorRecord{Removed: removed, Segments: []checkRecord{}}
	var paths []string
	for _, s := range list {
		paths = append(paths, s.Path)
		if s.Err == nil {
			d.Swept += sweepSlots(s)
		}
	}
	d.Segments = append(d.Segments, checkAll(paths)...)
	if c.json {
		if err := c.printJSON(d); err != nil {
			return err
		}
		return verdict(d.Segments)
	}
	fmt.Fprintf(c.out, "removed %d abandoned anonymous segments, cleaned up after %d dead processes\n", d.Removed, d.Swept)
	return c.report(d.Segments)
}

// sweepSlots attaches to a segment, which cleans up after its dead, and tells how
// many there were.
func sweepSlots(s shm.Info) (dead int) {
	for _, p := range s.Participants {
		if !p.Alive {
			dead++
		}
	}
	if dead == 0 {
		return 0
	}
	seg, err := shm.Open(s.Path)
	if err != nil {
		return 0 // the check that follows tells why
	}
	if err := seg.Close(); err != nil && !errors.Is(err, shm.ErrClosed) {
		return 0
	}
	return dead
}
