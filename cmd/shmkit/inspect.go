package main

import (
	"fmt"

	"shmkit/shm"
)

func (c *command) inspect() error {
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
		printable(info.Path), info.ID, kind(info.Anonymous), age(info.Created), size(info.Bytes), size(info.MaxBytes))
	fmt.Fprintf(c.out, "  heap: arenas %d, blocks in use %d, free %s, largest free block %s\n\n",
		info.Heap.Arenas, info.Heap.Blocks, size(info.Heap.FreeBytes), size(info.Heap.Largest))
	if err := c.participants(info); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	if err := c.objects(info); err != nil {
		return err
	}
	return c.rings(info)
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
		rows = append(rows, []any{
			o.Index, or(o.Name, "(anonymous)"), o.Kind, or(o.Type.Signature, "-"), o.Count, size(o.Bytes),
			fmt.Sprintf("%#x", o.Offset), o.Users, or(o.Sync, lockState(o.Lock)),
		})
	}
	return c.table("OBJECT NAME KIND TYPE COUNT SIZE OFFSET USERS LOCK", rows)
}

func lockState(l *shm.LockInfo) string {
	switch {
	case l == nil:
		return "-"
	case l.Takeovers > 0:
		return fmt.Sprintf("%v, taken over from the dead: %d", l, l.Takeovers)
	}
	return l.String()
}
