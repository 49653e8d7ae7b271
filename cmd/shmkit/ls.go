package main

import (
	"path/filepath"

	"shmkit/shm"
)

func (c *command) ls() error {
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
	for i := range list {
		rows = append(rows, segmentRow(&list[i]))
	}
	return c.table("SEGMENT SIZE USED ATTACHED OBJECTS AGE KIND", rows)
}

func segmentRow(s *shm.Info) []any {
	name := filepath.Base(s.Path)
	if s.Err != nil {
		return []any{name, "-", "-", "-", "-", "-", reason(s.Err)}
	}
	alive := 0
	for _, p := range s.Participants {
		if p.Alive {
			alive++
		}
	}
	used := s.Heap.Bytes - s.Heap.FreeBytes
	return []any{name, size(s.Bytes), size(used), alive, len(s.Objects), age(s.Created), kind(s.Anonymous)}
}

func kind(anonymous bool) string {
	if anonymous {
		return "anonymous"
	}
	return "named"
}
