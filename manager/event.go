package manager

import (
	"context"
	"fmt"

	"shmkit/internal/wire"
)

// An Event is a handle of a flag at the server, which clients set and wait for.
//
// Use [NewEvent], [OpenEvent] or unmarshal one that another process sent; the zero value is
// not usable. It may be copied, and the copies share their reference. All methods may be
// called concurrently and by several processes. Nobody owns it: when a client dies the flag
// stays as it is, and those who wait go on waiting.
type Event struct{ proxy }

// An EventInfo is a snapshot of an Event, and plain data: it stays as it is when a process
// dies.
type EventInfo struct {
	Set     bool
	Waiting int // calls
}

// String is one line for people.
func (i *EventInfo) String() string {
	if i.Set {
		return "set"
	}
	return fmt.Sprintf("not set, %d wait", i.Waiting)
}

// NewEvent makes an Event that is not set at the server of c.
// Errors: [ErrExists] for a name that is in use; [ErrServerGone].
func NewEvent(c *Client, options ...Option) (*Event, error) {
	p, err := create(c, wire.TypeEvent, options, nil)
	if err != nil {
		return nil, err
	}
	return &Event{p}, nil
}

// OpenEvent opens the Event of that name.
// Errors: [ErrNotFound]; [ErrType] if it is something else; [ErrServerGone].
func OpenEvent(c *Client, name string) (*Event, error) {
	p, err := open(c, wire.TypeEvent, name)
	if err != nil {
		return nil, err
	}
	return &Event{p}, nil
}

// Wait returns nil when the event is set, also if it was cleared again since the call began.
// Errors: [ErrClosed], [ErrServerGone].
//
// In the terminology of the Go memory model, the Set that ends it, in any process,
// synchronizes before Wait returns.
func (e *Event) Wait() error { return e.WaitContext(inherit) }

// WaitContext is Wait that gives up when ctx ends: it then returns the cause of ctx. It
// returns nil if the event is set, even if ctx has ended.
func (e *Event) WaitContext(ctx context.Context) error {
	k, _, err := e.await(ctx, wire.EventWait, nil, 0, nil)
	if err == nil {
		k.free()
	}
	return err
}

// Set sets the event and wakes all who wait. On an event that is set it does nothing. It
// synchronizes before the return of each Wait that it ends.
// Errors: [ErrClosed], [ErrServerGone].
func (e *Event) Set() error { return e.exec(inherit, wire.EventSet, nil, 0) }

// Clear makes the event one that is not set. Whoever waited for a Set before gets it all the
// same.
// Errors: [ErrClosed], [ErrServerGone].
func (e *Event) Clear() error { return e.exec(inherit, wire.EventClear, nil, 0) }

// IsSet tells whether the event is set now; false if the server cannot be asked, see Info.
func (e *Event) IsSet() bool {
	i, err := e.Info()
	return err == nil && i.Set
}

// Info tells the state; what another process did since is not in it.
// Errors: [ErrClosed], [ErrServerGone].
func (e *Event) Info() (*EventInfo, error) {
	k, r, err := e.call(inherit, wire.EventInfo, nil, 0)
	if err != nil {
		return nil, err
	}
	defer k.free()
	i := &EventInfo{Set: r.Bool(), Waiting: int(r.Uint())}
	return i, r.End()
}

// Ctx is the same Event, whose calls end with ctx.
func (e *Event) Ctx(ctx context.Context) *Event {
	other := *e
	other.ctx = ctx
	return &other
}

var _ handle = (*Event)(nil)

func (*Event) want() wire.Type { return wire.TypeEvent }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes e, which is new, a handle of
// the Event whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (e *Event) UnmarshalBinary(b []byte) error { return e.decode(e.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (e *Event) UnmarshalText(text []byte) error { return e.decodeText(e.want(), text) }
