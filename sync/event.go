package sync

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// Event is a flag that processes share and wait for.
//
// Use [NewEvent], [NewEventIn], [OpenEvent] or unmarshal one that another process
// sent; the zero value is not usable, and an Event must not be copied. All methods but
// Close may be called concurrently and from several processes. Nobody owns it: when a
// process dies the flag stays as it is, and those who wait go on waiting. If it is
// killed inside Set, the event is set or it is not; whoever sleeps notices when its
// sleep ends by its bound, even if it was not woken.
//
// Set and IsSet take no lock, so they may be called from anywhere, also by a handler
// of something that interrupted another call of Set.
type Event struct {
	use
	word atomic.Pointer[uint32] // the event word, or closedEvent
}

// closedEvent is what the handles of closed events point to: it is never set, so that
// the fast paths need no test.
var closedEvent uint32

var eventSpec = shm.Spec{Kind: shm.KindEvent}

// NewEvent makes an Event that is not set, without a name, on the process's default
// heap. It is freed when the last process that uses it closes it or dies. Errors: those
// of shm.Default and Segment.NewObject.
func NewEvent() (*Event, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return NewEventIn(seg, "")
}

// NewEventIn makes an Event called name in seg. It stays until Segment.RemoveObject.
// Errors: those of Segment.NewObject, shm.ErrExists among them.
func NewEventIn(seg *shm.Segment, name string) (*Event, error) {
	o, err := seg.NewObject(name, eventSpec, nil)
	if err != nil {
		return nil, err
	}
	e := new(Event)
	e.init(o)
	return e, nil
}

// OpenEvent opens the Event called name in seg. Errors: shm.ErrNotFound, shm.ErrType if
// name is something else.
func OpenEvent(seg *shm.Segment, name string) (*Event, error) {
	o, err := seg.OpenObject(name, eventSpec)
	if err != nil {
		return nil, err
	}
	e := new(Event)
	e.init(o)
	return e, nil
}

func (e *Event) init(o *shm.Object) {
	begin(&e.use, e, o)
	e.word.Store(&shm.Head[layout.Event](o, 0).Word)
}

// Wait returns nil when the event is set, also if it was cleared again since the call
// began. It may be called by any process. Errors: [ErrClosed].
//
// In the terminology of the Go memory model, the Set that ends it, in any process,
// synchronizes before Wait returns.
func (e *Event) Wait() (err error) {
	// sync: event set
	if atomic.LoadUint32(e.word.Load()) >= layout.EventIsSet {
		runtime.KeepAlive(e)
		if race.Enabled {
			e.acquired()
		}
		return
	}
	return e.waitForever()
}

// WaitContext is Wait that gives up when ctx ends: it then returns the cause of ctx. It
// returns nil if the event is set, even if ctx has ended.
func (e *Event) WaitContext(ctx context.Context) error {
	if e.IsSet() {
		return nil
	}
	return e.waitSlow(ctx)
}

// waitForever is outlined so that Wait inlines.
//
//go:noinline
func (e *Event) waitForever() error { return e.waitSlow(context.Background()) }

func (e *Event) waitSlow(ctx context.Context) error {
	addr, err := e.enterWord()
	if err != nil {
		return err
	}
	defer e.leave()
	// sync: event set
	began, slept := atomic.LoadUint32(addr), false
	err = park.Loop(ctx, func(r *park.Round) (bool, error) {
		if r.Slept && !slept {
			slept = true
			atomic.AddUint64(&e.obj.Stats().Sleeps, 1)
		}
		for {
			if e.closed.Load() {
				return false, ErrClosed
			}
			w := atomic.LoadUint32(addr)
			move := word.EventWait(w, began)
			switch {
			case move.Verdict == word.Passed:
				return true, nil
			case r.Spinning:
				return false, nil
			case !store(addr, w, move):
				continue
			}
			r.On(addr, move.Next)
			return false, nil
		}
	})
	if race.Enabled && err == nil {
		e.acquired()
	}
	return err
}

// Set sets the event and wakes all who wait. On an event that is set it does nothing.
// Errors: [ErrClosed].
//
// In the terminology of the Go memory model, Set synchronizes before the return of each
// Wait that it ends.
func (e *Event) Set() error { return e.change(word.EventSet) }

// Clear makes the event one that is not set. Whoever waited for a Set before gets it all
// the same. Errors: [ErrClosed].
func (e *Event) Clear() error { return e.change(word.EventClear) }

func (e *Event) change(decide func(w uint32) word.Move) error {
	addr, err := e.enterWord()
	if err != nil {
		return err
	}
	defer e.leave()
	if race.Enabled {
		e.released()
	}
	for {
		w := atomic.LoadUint32(addr)
		move := decide(w)
		// sync: event set
		if move.Next == w || atomic.CompareAndSwapUint32(addr, w, move.Next) {
			e.wake(addr, move.Wake)
			return nil
		}
	}
}

// IsSet tells whether the event is set now; false after Close.
func (e *Event) IsSet() bool {
	// sync: event set
	set := atomic.LoadUint32(e.word.Load())&layout.EventIsSet != 0
	runtime.KeepAlive(e)
	if race.Enabled && set {
		e.acquired()
	}
	return set
}

// enterWord is enter for an operation on the word.
func (e *Event) enterWord() (*uint32, error) {
	if addr := e.word.Load(); addr != nil && addr != &closedEvent && e.enter() == nil {
		return addr, nil
	}
	return nil, ErrClosed
}

// Close ends this handle's use of the event, which stays as it is. Goroutines that wait
// through this handle get [ErrClosed]. Close must not run beside a call that does not
// wait yet. A second Close gives ErrClosed.
func (e *Event) Close() error {
	addr := e.word.Swap(&closedEvent)
	if addr == nil || addr == &closedEvent {
		return ErrClosed
	}
	return e.end(addr)
}

// UnmarshalBinary opens, in whatever process, the event whose bytes these are. e must be
// new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (e *Event) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, e.open) }

// UnmarshalText opens the event whose text this is, as UnmarshalBinary.
func (e *Event) UnmarshalText(text []byte) error { return shm.DecodeText(text, e.open) }

func (e *Event) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, eventSpec)
	if err == nil {
		e.init(o)
	}
	return err
}

// EventInfo is a snapshot of an Event, in this process alone: that somebody dies does not change it.
type EventInfo struct {
	Set     bool
	Waiters bool   // somebody may be asleep
	Sets    uint32 // times that it was set, modulo 2^30
}

// Info describes the event. It is nil after Close.
func (e *Event) Info() *EventInfo {
	addr, err := e.enterWord()
	if err != nil {
		return nil
	}
	defer e.leave()
	w := atomic.LoadUint32(addr)
	return &EventInfo{w&layout.EventIsSet != 0, w&layout.EventWaiters != 0, w & layout.EventGeneration}
}

// String tells the state, for people.
func (e *Event) String() string {
	if e.enter() != nil {
		return "Event(closed)"
	}
	defer e.leave()
	return fmt.Sprintf("Event(%s)", e.obj.Describe())
}
