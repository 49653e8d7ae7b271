package host

import (
	"context"
	"fmt"

	"shmkit/internal/wire"
)

// Workers are what runs the tasks of one pool, beside the host. They come with their first
// task, and so after each restart of the server. No method waits, and what they ask for is done
// in their order.
type Workers interface {
	// Run gives what does what a method of a pool asks for, until ctx ends. It is called for
	// what is really to be done, and not again when a log is replayed.
	Run(ctx context.Context, m wire.Method, body []byte) func() wire.Outcome
	// Close takes no more tasks, and may withdraw those that have not begun.
	Close(withdraw bool)
	// Terminate gives up all tasks. It may come after Close, and again.
	Terminate()
}

// Employ tells the host how to make the workers of a pool. Without it there are no pools. It
// is called before anything else.
func (h *Host) Employ(hire func(workers uint64, settings []byte) Workers) { h.hire = hire }

// A pool runs tasks beside the host. What runs is waits of the sessions that asked for it:
// when one of these is cancelled, or its session expires, its task is given up.
//
//	closed  workers          state
//	no      none             new, or the server was restarted: they come with the first task
//	no      some             tasks run
//	yes     some, then none  no more tasks; those that run go on, unless it was terminated
type pool struct {
	still
	size     uint64
	settings []byte
	closed   bool
	workers  Workers
}

func init() {
	define(wire.TypePool, makePool, loadPool, map[wire.Method]method{
		wire.PoolStart:     {"Start", false, poolTask},
		wire.PoolApply:     {"Apply", false, poolTask},
		wire.PoolMap:       {"Map", false, poolTask},
		wire.PoolClose:     {"Close", false, poolClose},
		wire.PoolTerminate: {"Terminate", false, poolTerminate},
		wire.PoolJoin:      {"Join", false, poolBeside},
		wire.PoolStats:     {"Stats", false, poolBeside},
	})
}

func makePool(c *Call) (object, error) {
	p := &pool{size: c.in.Uint(), settings: append([]byte(nil), c.in.Rest()...)}
	if err := c.in.End(); err != nil {
		return nil, err
	}
	if c.h.hire == nil {
		return nil, wire.NewFault(wire.CodeNoType, "manager: the server runs no pools")
	}
	p.workers = c.h.hire(p.size, p.settings)
	return p, nil
}

func (p *pool) save(b []byte) []byte {
	return wire.AppendBytes(wire.AppendBool(wire.AppendUint(b, p.size), p.closed), p.settings)
}

func loadPool(h *Host, r *wire.Reader) (object, error) {
	p := &pool{size: r.Uint(), closed: r.Bool(), settings: append([]byte(nil), r.Bytes()...)}
	if h.hire == nil {
		return nil, fmt.Errorf("host: saved state has a pool, and this program runs none")
	}
	p.workers = h.hire(p.size, p.settings)
	if p.closed {
		p.workers.Close(false)
	}
	return p, r.Err()
}

func (p *pool) drop(*Host) { p.workers.Terminate() }

func (p *pool) info() string {
	if p.closed {
		return "closed"
	}
	return fmt.Sprintf("%d workers", p.size)
}

// poolTask runs what a closed pool does not.
func poolTask(c *Call) error {
	if c.e.object.(*pool).closed {
		return wire.NewFault(wire.CodeNotRunning, "manager: %s: the pool is closed", c.e.title(c.method))
	}
	return poolBeside(c)
}

func poolBeside(c *Call) error {
	workers, m, body := c.e.object.(*pool).workers, c.method, append([]byte(nil), c.in.Rest()...)
	return c.run(func(ctx context.Context) func() wire.Outcome { return workers.Run(ctx, m, body) })
}

func poolClose(c *Call) error {
	withdraw := c.in.Bool()
	if err := c.in.End(); err != nil {
		return err
	}
	p := c.e.object.(*pool)
	p.closed = true
	p.workers.Close(withdraw)
	return nil
}

func poolTerminate(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	p := c.e.object.(*pool)
	p.closed = true
	p.workers.Terminate()
	return nil
}
