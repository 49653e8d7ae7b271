package shm

import (
	"fmt"
	"io"
)

// Dump writes what this process can see of every segment that it has open: who is
// attached, the objects with their locks, and what Check finds. It is for a process
// that hangs and is asked why: it takes no lock in shared memory, attaches to
// nothing and changes nothing. It may be called at any time, in any process.
func Dump(w io.Writer) {
	registry.mu.Lock()
	var all []*core
	for _, c := range registry.cores {
		if c.enter() == nil {
			all = append(all, c)
		}
	}
	registry.mu.Unlock()
	for _, c := range all {
		c.dump(w)
		c.leave()
	}
}

func (c *core) dump(w io.Writer) {
	fmt.Fprintf(w, "segment %s, this process is slot %d\n", c.path, c.slot)
	info, err := c.info()
	if err != nil {
		fmt.Fprintf(w, "\t%v\n", err)
		return
	}
	for _, p := range info.Participants {
		fmt.Fprintf(w, "\tslot %d generation %d: pid %d %s (%s), alive: %v\n", p.Slot, p.Generation, p.PID, p.Name, p.Language, p.Alive)
	}
	for _, o := range info.Objects {
		fmt.Fprintf(w, "\tobject %d %q: %s, %d users", o.Index, o.Name, o.Kind, o.Users)
		if o.Lock != nil {
			fmt.Fprintf(w, ", lock %v", o.Lock)
		}
		if o.Sync != "" {
			fmt.Fprintf(w, ": %s", o.Sync)
		}
		fmt.Fprintln(w)
	}
	for _, v := range c.check() {
		fmt.Fprintf(w, "\tcheck: %v\n", v)
	}
}
