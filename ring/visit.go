package ring

import (
	"context"
	"sync/atomic"
)

// A call that waits may be on its way out when its handle is detached, or just have got what
// it waited for. So it uses the object too, from its first wait to its end, and the last of
// those that do ends the use of the process: none finds the memory of another object under
// it, and what it takes is not given back under its hands.

// enter begins such a use of c, which ends with leave. It fails with ErrDetached.
func (c *core) enter() error {
	for n := c.users.Load(); n > 0; n = c.users.Load() {
		if c.users.CompareAndSwap(n, n+1) {
			return nil
		}
	}
	return ErrDetached
}

func (c *core) leave() error {
	if c.users.Add(-1) > 0 {
		return nil
	}
	return c.obj.Close()
}

// persist waits until there is what w says, and tries, until that does not fail with again.
// A try may still succeed when the handle is detached. Errors: those of try, but for again;
// those of await.
func (c *core) persist(ctx context.Context, handle *atomic.Pointer[core], w want, again error, try func() error) error {
	if err := c.enter(); err != nil {
		return err
	}
	defer c.leave()
	for {
		if err := c.await(ctx, handle, w); err != nil {
			return err
		}
		if err := try(); err != again {
			return err
		}
	}
}
