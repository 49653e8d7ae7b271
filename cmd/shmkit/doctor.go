package main

import (
	"errors"
	"fmt"
	"io/fs"

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
	removed, err := shm.Sweep()
	if err != nil {
		return err
	}
	list, err := shm.List()
	if err != nil {
		return err
	}
	d := doctorRecord{Removed: removed, Segments: []checkRecord{}}
	for i := range list {
		d.treat(&list[i])
	}
	if c.json {
		if err := c.printJSON(d); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(c.out, "abandoned anonymous segments removed: %d\nslots of dead processes cleaned up: %d\n", d.Removed, d.Swept)
	}
	return c.report(d.Segments)
}

// treat sweeps one segment, then checks it. One that went away meanwhile needs
// neither.
func (d *doctorRecord) treat(s *shm.Info) {
	swept, err := sweepSlots(s)
	d.Swept += swept
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	r := checkOne(s.Path)
	if err != nil && r.Error == "" {
		r.Error = reason(err)
	}
	d.Segments = append(d.Segments, r)
}

// sweepSlots attaches to a segment, which cleans up after its dead, and tells how
// many there were.
func sweepSlots(s *shm.Info) (dead int, err error) {
	for _, p := range s.Participants {
		if !p.Alive {
			dead++
		}
	}
	if dead == 0 {
		return 0, s.Err
	}
	seg, err := shm.Open(s.Path)
	if err != nil {
		return 0, err
	}
	return dead, seg.Close()
}
