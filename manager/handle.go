package manager

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"shmkit/internal/wire"
)

// ErrHandle: bytes that are no handle of an object at a manager.
var ErrHandle = errors.New("manager: bad handle")

// ErrOpen: a handle was decoded into one that is in use.
var ErrOpen = errors.New("manager: handle is in use")

// handleVersion is of the bytes of handles.
const handleVersion = 1

// handleText begins the text of a handle.
const handleText = "mgr1."

// A handle is a pointer to what package manager gives for an object: it travels, and may be
// an item of another object.
type handle interface {
	base() *proxy
	// want is the type of the object.
	want() wire.Type
}

// An address is where an object is, for other processes.
type address struct {
	server  uint64
	object  uint64
	kind    wire.Type
	family  string
	address string
}

func (a *address) append(b []byte) []byte {
	b = append(b, handleVersion, byte(a.kind))
	b = wire.AppendUint(wire.AppendUint(b, a.server), a.object)
	return wire.AppendText(wire.AppendText(b, a.family), a.address)
}

func readAddress(b []byte) (a address, err error) {
	r := wire.Read(b)
	if v := r.Byte(); v != handleVersion {
		return a, fmt.Errorf("%w: version %d", ErrHandle, v)
	}
	a.kind, a.server, a.object, a.family, a.address = wire.Type(r.Byte()), r.Uint(), r.Uint(), r.Text(), r.Text()
	if r.End() != nil {
		return a, ErrHandle
	}
	return a, nil
}

func (p *proxy) base() *proxy { return p }

// MarshalBinary implements encoding.BinaryMarshaler: it encodes where the object is, not the
// key of its server. The object stays for a minute at least, for another process to decode it;
// longer if anybody refers to it.
// Errors: ErrClosed; ErrNoObject; ErrArgument for what At gave; ErrServerGone.
func (p *proxy) MarshalBinary() ([]byte, error) {
	switch {
	case p.ref == nil || p.ref.closed.Load():
		return nil, ErrClosed
	case p.steps > 0:
		return nil, fmt.Errorf("%w: a path is no handle; get the object that is there", ErrArgument)
	}
	c := p.ref.c
	k, _, err := c.call(p.context(), wire.Frame{Method: wire.Hand, Body: wire.AppendUint(nil, p.ref.id)})
	if err != nil {
		return nil, err
	}
	k.free()
	a := address{c.server.Load(), p.ref.id, p.ref.kind, c.family, c.address}
	return a.append(nil), nil
}

// MarshalText implements encoding.TextMarshaler like MarshalBinary. The text has no spaces and
// suits a command line.
func (p *proxy) MarshalText() ([]byte, error) {
	b, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return base64.RawURLEncoding.AppendEncode([]byte(handleText), b), nil
}

// decode makes p, which is new, a handle of the object whose bytes these are.
func (p *proxy) decode(want wire.Type, b []byte) error {
	if p.ref != nil {
		return ErrOpen
	}
	a, err := readAddress(b)
	if err != nil {
		return err
	}
	if a.kind != want {
		return &TypeError{Name: "handle", Got: a.kind.String(), Want: want.String()}
	}
	ctx := context.Background()
	c, err := reach(ctx, &a)
	if err != nil {
		return err
	}
	*p, err = attach(ctx, c, a.object, want)
	return err
}

func (p *proxy) decodeText(want wire.Type, text []byte) error {
	if len(text) < len(handleText) || string(text[:len(handleText)]) != handleText {
		return ErrHandle
	}
	b, err := base64.RawURLEncoding.AppendDecode(nil, text[len(handleText):])
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHandle, err)
	}
	return p.decode(want, b)
}

func (p *proxy) context() context.Context {
	if p.ctx == inherit {
		return context.Background()
	}
	return p.ctx
}

// String is for people.
func (p *proxy) String() string {
	if p.ref == nil {
		return "no object"
	}
	s := fmt.Sprintf("%v %#x at %s:%s", p.ref.kind, p.ref.id, p.ref.c.family, p.ref.c.address)
	if p.steps > 0 {
		s += fmt.Sprintf(", %d steps inside", p.steps)
	}
	return s
}
