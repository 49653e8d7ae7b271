package shm

import (
	"reflect"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

func init() {
	kinds[KindEvent] = &kind{
		name: "Event", head: uint64(reflect.TypeFor[layout.Event]().Size()), describe: describeEvent,
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
