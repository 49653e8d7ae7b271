package shm

import (
	"reflect"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

func init() {
	kinds[KindEvent] = &kind{
		name: "Event", head: uint64(reflect.TypeFor[layout.Event]().Size()), check: checkEvent, describe: describeEvent,
	}
}

// checkEvent: who sets it wakes those who wait, and who comes then does not wait.
func checkEvent(c *checker, where string, o *layout.Object) {
	e, err := mem.At[layout.Event](c.mem, o.Data)
	if err != nil {
		c.report(where, "event: %v", err)
		return
	}
	const both = layout.EventIsSet | layout.EventWaiters
	if w := atomic.LoadUint32(&e.Word); w&both == both {
		c.report(where, "event.Word = %#x", w)
	}
}

func describeEvent(v *view, o *layout.Object) string {
	e, err := mem.At[layout.Event](v.mem, o.Data)
	if err != nil {
		return ""
	}
	switch w := atomic.LoadUint32(&e.Word); {
	case w&layout.EventIsSet != 0:
		return "set"
	case w&layout.EventWaiters != 0:
		return "not set, waited for"
	}
	return "not set"
}
