package shm

import (
	"fmt"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

func init() {
	kinds[KindOnce] = &kind{
		name: "Once", lock: true, head: mutexSize + 64, check: checkOnce, describe: describeOnce,
	}
}

// once is the state of o; one that cannot be read is no state.
func (v *view) once(o *layout.Object) uint32 {
	once, err := mem.At[layout.Once](v.mem, o.Data+layout.OnceOff)
	if err != nil {
		return 2
	}
	return atomic.LoadUint32(&once.Done)
}

func checkOnce(c *checker, where string, o *layout.Object) {
	if done := c.once(o); done > 1 {
		c.report(where, "Done = %d", done)
	}
}

func describeOnce(v *view, o *layout.Object) string {
	if v.once(o) == 1 {
		return "done"
	}
	m, err := mem.At[layout.Mutex](v.mem, o.Data)
	if err != nil {
		return ""
	}
	if info := v.lockInfo(m); info.State == "held" {
		return fmt.Sprintf("run, %v", info)
	}
	return "not done"
}
