package ring

import "runtime"

// inHand runs f, which deals with a block of c that the caller has in hand. If the handle was
// detached the block is still the caller's as long as the process has another one; with the
// last one it went back.
func (q *Queue[T]) inHand(c *core, f func() error) error {
	if q.core.Load() == nil {
		if !c.obj.TryRetain() {
			return ErrDetached
		}
		defer c.obj.Close()
	}
	err := f()
	runtime.KeepAlive(q) // else its cleanup gives the block back meanwhile
	return err
}
