package manager

import (
	"context"
	"fmt"
	"time"

	"shmkit/internal/wire"
)

// A proxy is what the handles of all objects have in common: which object it is, and whose
// reference. Copies share the reference.
type proxy struct {
	ref   *reference
	ctx   context.Context // of calls that are given no other; nil is Background
	keys  []byte          // from the object of ref to the one that is meant: steps × key
	steps int
}

// inherit, which is nil, as the context of a call means that of the proxy.
var inherit context.Context

// create makes an object at the server.
func create(c *Client, kind wire.Type, settings []Option, args []byte) (proxy, error) {
	o := settle(settings)
	body := wire.AppendText([]byte{byte(kind)}, o.name)
	k, r, err := c.callUndo(o.context(), wire.Frame{Method: wire.Create, Body: append(body, args...)}, releases)
	if err != nil {
		return proxy{}, err
	}
	defer k.free()
	id := r.Uint()
	return proxy{ref: refer(c, id, kind)}, r.Err()
}

// releases gives back the reference to an object whose number an answer begins with.
func releases(answer wire.Reader) (f wire.Frame, ok bool) {
	id := answer.Uint()
	return wire.Frame{Method: wire.Release, Body: wire.AppendUint(nil, id)}, answer.Err() == nil
}

// open finds an object by its name.
func open(c *Client, kind wire.Type, name string) (proxy, error) {
	k, r, err := c.call(context.Background(), wire.Frame{Method: wire.Lookup, Body: wire.AppendText(nil, name)})
	if err != nil {
		return proxy{}, err
	}
	defer k.free()
	ref := refer(c, r.Uint(), wire.Type(r.Byte()))
	if err := r.Err(); err != nil {
		return proxy{}, err
	}
	if ref.kind != kind {
		ref.close()
		return proxy{}, &TypeError{Name: name, Got: ref.kind.String(), Want: kind.String()}
	}
	return proxy{ref: ref}, nil
}

// attach makes a reference to an object of which the server has told.
func attach(ctx context.Context, c *Client, id uint64, kind wire.Type) (proxy, error) {
	release := func(wire.Reader) (wire.Frame, bool) {
		return wire.Frame{Method: wire.Release, Body: wire.AppendUint(nil, id)}, true
	}
	k, r, err := c.callUndo(ctx, wire.Frame{Method: wire.Attach, Body: wire.AppendUint(nil, id)}, release)
	if err != nil {
		return proxy{}, err
	}
	defer k.free()
	ref := refer(c, id, wire.Type(r.Byte()))
	if ref.kind != kind {
		ref.close()
		return proxy{}, &TypeError{Name: fmt.Sprintf("%#x", id), Got: ref.kind.String(), Want: kind.String()}
	}
	return proxy{ref: ref}, r.Err()
}

// Close gives the reference back: the object goes when it was the last, and it has no name.
// A lock that the client holds goes on as if it had died, if it has no other handle of it;
// permits stay with the client. A handle that is not closed but forgotten changes neither. Later
// calls give ErrClosed.
func (p *proxy) Close() error {
	if p.ref == nil || p.steps > 0 {
		return nil
	}
	p.ref.close()
	return nil
}

// call calls a method and gives the call, whose answer was good, for the caller to read and
// free. patience is how long the server lets it wait, 0 as long as it takes, less not at all.
// A ctx of inherit is that of the proxy.
func (p *proxy) call(ctx context.Context, m wire.Method, body []byte, patience time.Duration) (*call, wire.Reader, error) {
	return p.callUndo(ctx, m, body, patience, nil)
}

// callUndo is call of what is taken back by u if the caller gives up on it and is not told in
// time what became of it.
func (p *proxy) callUndo(ctx context.Context, m wire.Method, body []byte, patience time.Duration, u undo) (*call, wire.Reader, error) {
	if p.ref == nil || p.ref.closed.Load() {
		return nil, wire.Reader{}, ErrClosed
	}
	if ctx == inherit {
		if ctx = p.ctx; ctx == nil {
			ctx = context.Background()
		}
	}
	f := wire.Frame{Method: m, Session: p.ref.epoch, Object: p.ref.id, Deadline: int64(patience), Body: body}
	if p.steps > 0 {
		path := append(wire.AppendUint(nil, uint64(p.steps)), p.keys...)
		f.Method, f.Body = wire.Path, append(wire.AppendUint(path, uint64(m)), body...)
	}
	return p.ref.c.callUndo(ctx, f, u)
}

// exec is call of a method that gives nothing.
func (p *proxy) exec(ctx context.Context, m wire.Method, body []byte, patience time.Duration) error {
	k, _, err := p.call(ctx, m, body, patience)
	if err == nil {
		k.free()
	}
	return err
}

// ask is call of a method that gives a bool, for the context of the proxy.
func (p *proxy) ask(m wire.Method, body []byte) (bool, error) {
	k, r, err := p.call(inherit, m, body, 0)
	if err != nil {
		return false, err
	}
	defer k.free()
	yes := r.Bool()
	return yes, r.End()
}

// count is call of a method that gives a number, for the context of the proxy.
func (p *proxy) count(m wire.Method, body []byte) (uint64, error) {
	k, r, err := p.call(inherit, m, body, 0)
	if err != nil {
		return 0, err
	}
	defer k.free()
	n := r.Uint()
	return n, r.End()
}

// made is call of a method that makes an object, for the context of the proxy.
func (p *proxy) made(m wire.Method, body []byte, kind wire.Type) (proxy, error) {
	id, err := p.count(m, body)
	if err != nil {
		return proxy{}, err
	}
	return proxy{ref: refer(p.ref.c, id, kind), ctx: p.ctx}, nil
}

// tell calls a method whose answer nobody wants.
func (p *proxy) tell(m wire.Method, body []byte) {
	if p.ref != nil && p.steps == 0 {
		p.ref.c.tell(wire.Frame{Method: m, Session: p.ref.epoch, Object: p.ref.id, Body: body})
	}
}

// call is do for an answer that is good.
func (c *Client) call(ctx context.Context, f wire.Frame) (*call, wire.Reader, error) {
	return c.callUndo(ctx, f, nil)
}

// callUndo is call of what u takes back.
func (c *Client) callUndo(ctx context.Context, f wire.Frame, u undo) (*call, wire.Reader, error) {
	k, err := c.do(ctx, f, u)
	if err != nil {
		return nil, wire.Reader{}, err
	}
	r, err := k.answer()
	if err != nil {
		k.free()
		return nil, wire.Reader{}, err
	}
	return k, r, nil
}
