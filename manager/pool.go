package manager

import (
	"context"
	"fmt"

	"shmkit/internal/codec"
	"shmkit/internal/wire"
	"shmkit/pool"
)

// Pool is a handle of a pool of worker processes that the server has: see package pool. Tasks
// are functions that the program of the server has registered with package process, under the
// same name and with the same types; arguments and results travel, no code does.
//
// Use [NewPool], [OpenPool] or unmarshal one that another process sent; a Pool must not be
// copied. All methods, and the functions that take a Pool, may be called concurrently and from
// several processes. If a client dies its tasks are given up; if a worker dies its task fails,
// as in package pool. The workers end with the pool, which goes with its last handle if it has
// no name, and with the server. If the server is restarted with a log, calls that ran give
// ErrRestarted, and the pool begins anew.
type Pool struct{ proxy }

// NewPool makes a Pool of so many workers, and returns when their processes exist.
// Errors: pool.ErrWorkers, pool.ErrOption; those of pool.New.
func NewPool(c *Client, workers int, options ...Option) (*Pool, error) {
	s := settle(options)
	switch {
	case workers < 1:
		return nil, fmt.Errorf("%w: not %d", pool.ErrWorkers, workers)
	case s.bad != nil:
		return nil, s.bad
	}
	buf := codec.NewBuffer()
	defer buf.Free()
	if err := codec.Encode(buf, s.pool); err != nil {
		return nil, err
	}
	made, err := create(c, wire.TypePool, options, append(wire.AppendUint(nil, uint64(workers)), buf.Bytes()...))
	if err != nil {
		return nil, err
	}
	p := &Pool{made}
	if err := p.exec(inherit, wire.PoolStart, nil, 0); err != nil {
		p.Detach()
		return nil, err
	}
	return p, nil
}

// OpenPool opens the Pool of that name.
// Errors: ErrNotFound; ErrType.
func OpenPool(c *Client, name string) (*Pool, error) {
	p, err := open(c, wire.TypePool, name)
	if err != nil {
		return nil, err
	}
	return &Pool{p}, nil
}

// Close takes no more tasks, from anybody: they get pool.ErrClosed. What was given to the pool
// is done, and then the workers end. It does not wait: see Join. Calling it again does nothing.
func (p *Pool) Close() error { return p.exec(inherit, wire.PoolClose, []byte{0}, 0) }

// Terminate ends the workers at once. Tasks that have not ended give pool.ErrTerminated. It
// does not wait: see Join. Calling it again does nothing.
func (p *Pool) Terminate() error { return p.exec(inherit, wire.PoolTerminate, nil, 0) }

// Join waits until all workers have ended. It gives up when ctx ends.
// Errors: pool.ErrRunning before Close or Terminate; the cause of ctx.
func (p *Pool) Join(ctx context.Context) error { return p.exec(ctx, wire.PoolJoin, nil, 0) }

// Shutdown is Close and Join. With cancel it withdraws the tasks that no worker has begun.
func (p *Pool) Shutdown(ctx context.Context, cancel bool) error {
	if err := p.exec(ctx, wire.PoolClose, wire.AppendBool(nil, cancel), 0); err != nil {
		return err
	}
	return p.Join(ctx)
}

// Stats looks at the pool.
func (p *Pool) Stats(ctx context.Context) (pool.Stats, error) {
	k, r, err := p.call(ctx, wire.PoolStats, nil, 0)
	if err != nil {
		return pool.Stats{}, err
	}
	defer k.free()
	var s pool.Stats
	err = codec.Decode(r.Rest(), &s)
	return s, err
}

// Detach gives up this handle: the pool goes when it was the last, and it has no name. Its
// tasks are given up then. Later calls give ErrClosed.
func (p *Pool) Detach() error { return p.proxy.Close() }

// Ctx is the same Pool, whose calls end with ctx.
func (p *Pool) Ctx(ctx context.Context) *Pool {
	other := *p
	other.ctx = ctx
	return &other
}

func (*Pool) want() wire.Type { return wire.TypePool }

// UnmarshalBinary implements encoding.BinaryUnmarshaler as that of Value does.
func (p *Pool) UnmarshalBinary(b []byte) error { return p.decode(p.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (p *Pool) UnmarshalText(text []byte) error { return p.decodeText(p.want(), text) }
