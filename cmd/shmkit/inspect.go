package main

import (
	"fmt"

	"shmkit/shm"
)

func (c *command) inspect() error {
	if len(c.args) != 1 {
		return errUsage
	}
	info, err := shm.Inspect(c.args[0])
	if err != nil {
		return err
	}
	switch {
	case c.numpy:
		return c.printNumpy(info)
	case c.json:
		return c.printJSON(recordOf(info))
	}
	fmt.Fprintf(c.out, "%s\n  id %s, %s, created %s ago, %s of at most %s\n",
		info.Path, info.ID, kind(info.Anonymous), age(info.Created), size(info.Bytes), size(info.MaxBytes))
	fmt.Fprintf(c.out, "  heap: %d arenas, %d blocks in use, %s free, largest free block %s\n\n",
		info.Heap.Arenas, info.Heap.Blocks, size(info.Heap.FreeBytes), size(info.Heap.Largest))
	if err := c.participants(info); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	return c.objects(info)
}

func (c *command) participants(info *shm.Info) error {
	var rows [][]any
	for _, p := range info.Participants {
		state := "alive"
		if !p.Alive {
			state = "dead"
		}
		rows = append(rows, []any{
			p.Slot, p.PID, or(p.Name, "-"), or(p.Language, "?"), age(p.Attached), state,
			p.Sleeps, p.Wakes, p.Recoveries, p.Sweeps,
		})
	}
	return c.table("SLOT PID PROGRAM LANGUAGE SINCE STATE SLEEPS WAKES RECOVERIES SWEEPS", rows)
}

func (c *command) objects(info *shm.Info) error {
	var rows [][]any
	for _, o := range info.Objects {
		lock := "-"
		if o.Lock != nil {
			lock = o.Lock.String()
		}
		rows = append(rows, []any{
			o.Index, or(o.Name, "(anonymous)"), o.Kind, or(o.Type.Signature, "-"), o.Count, size(o.Bytes),
			fmt.Sprintf("%#x", o.Offset), o.Users, lock,
		})
	}
	return c.table("OBJECT NAME KIND TYPE COUNT SIZE OFFSET USERS LOCK", rows)
}
