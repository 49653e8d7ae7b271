package host

import "shmkit/internal/wire"

// A holder is an object in which references may be.
type holder interface {
	// refers calls f for each.
	refers(f func(id uint64))
}

// reaches tells whether to is e, or inside of it however deep. What is in itself would never
// go, because something refers to it for ever.
func (h *Host) reaches(e, to *entry) bool {
	if e == to {
		return true
	}
	if _, ok := e.object.(holder); !ok {
		return false
	}
	seen := map[uint64]bool{e.id: true}
	for todo := []*entry{e}; len(todo) > 0; {
		box, ok := todo[len(todo)-1].object.(holder)
		todo = todo[:len(todo)-1]
		if !ok {
			continue
		}
		box.refers(func(id uint64) {
			if !seen[id] {
				seen[id] = true
				todo = append(todo, h.objects[id])
			}
		})
	}
	return seen[to.id]
}

// errCycle: c would store e in what is inside of e.
func (c *Call) errCycle(e *entry) error {
	return wire.NewFault(wire.CodeArgument, "manager: %s: a %v cannot be put into itself, nor into what is inside of it", c.e.title(c.method), e.kind)
}
