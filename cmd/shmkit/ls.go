package main

import (
	"fmt"
	"path/filepath"

	"shmkit/internal/layout"
	"shmkit/shm"
)

func (c *command) ls() error {
	if len(c.args) > 0 {
		return errUsage
	}
	list, err := shm.List()
	if err != nil {
		return err
	}
	if c.json {
		records := []segmentRecord{}
		for i := range list {
			records = append(records, recordOf(&list[i]))
		}
		return c.printJSON(records)
	}
	var rows [][]any
	for _, s := range list {
		name := filepath.Base(s.Path)
		if s.Err != nil {
			rows = append(rows, []any{name, "-", "-", "-", "-", "-", s.Err})
			continue
		}
		alive := 0
		for _, p := range s.Participants {
			if p.Alive {
				alive++
			}
		}
		used := s.Heap.Bytes - s.Heap.FreeBytes
		rows = append(rows, []any{name, size(s.Bytes), size(used), alive, len(s.Objects), age(s.Created), kind(s.Anonymous)})
	}
	return c.table("SEGMENT SIZE USED ATTACHED OBJECTS AGE KIND", rows)
}

func kind(anonymous bool) string {
	if anonymous {
		return "anonymous"
	}
	return "named"
}

func (c *command) version() error {
	if c.json {
		return c.printJSON(map[string]any{
			"format": layout.Version, "fingerprint": fmt.Sprintf("%016x", layout.Fingerprint),
		})
	}
	_, err := fmt.Fprintf(c.out, "segment format %d, layout %016x\n", layout.Version, layout.Fingerprint)
	return err
}
