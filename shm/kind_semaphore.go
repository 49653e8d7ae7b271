package shm

import (
	"fmt"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

func init() {
	kinds[KindSemaphore] = &kind{
		name: "Semaphore", head: 64, check: checkSemaphore, describe: describeSemaphore,
	}
}

// checkSemaphore: the count is within the bound, and M never stands without W.
func checkSemaphore(c *checker, where string, o *layout.Object) {
	s, err := mem.At[layout.Semaphore](c.mem, o.Data)
	if err != nil {
		c.report(where, "semaphore: %v", err)
		return
	}
	w, bound := atomic.LoadUint32(&s.Word), atomic.LoadUint32(&s.Bound)
	if bound > layout.SemaphoreMost {
		c.report(where, "semaphore.Bound = %d", bound)
	}
	if n := w & layout.SemaphoreMost; n > bound {
		c.report(where, "semaphore has %d permits of %d", n, bound)
	}
	if w&layout.SemaphoreMany != 0 && w&layout.SemaphoreWaiters == 0 {
		c.report(where, "semaphore.Word = %#x", w)
	}
}

func describeSemaphore(v *view, o *layout.Object) string {
	s, err := mem.At[layout.Semaphore](v.mem, o.Data)
	if err != nil {
		return ""
	}
	w, bound := atomic.LoadUint32(&s.Word), atomic.LoadUint32(&s.Bound)
	text := fmt.Sprintf("%d free", w&layout.SemaphoreMost)
	if bound < layout.SemaphoreMost {
		text += fmt.Sprintf(" of %d", bound)
	}
	if w&layout.SemaphoreWaiters != 0 {
		text += ", waited for"
	}
	return text
}
