package host

import (
	"time"

	"shmkit/internal/wire"
)

// An EffectKind says what is to be done.
type EffectKind uint8

// What is to be done.
const (
	// Answer: send a Reply, or a Failure, with this body to the session, if it is connected.
	Answer EffectKind = iota
	// Propose: apply an operation of this kind next: Grant.
	Propose
	// Alarm: apply an operation of this kind, Timeout or Forget, after that time.
	Alarm
	// Run: run the method beside the host, and apply Done when it has ended.
	Run
	// Stopping: the server shuts down, as a client asked.
	Stopping
)

// An Effect is something that follows from an operation, for the caller of Apply to do. Body
// is good until the next operation.
type Effect struct {
	Kind    EffectKind
	Op      wire.Kind
	Session uint64
	Call    uint64
	Object  uint64
	Method  wire.Method
	Body    []byte
	After   time.Duration
	// Job, of Run, is called at once, in the order of the effects, and does not wait: what it
	// gives does it, in a goroutine of its own, and refers to nothing of the host.
	Job func() func() wire.Outcome
}

func (h *Host) propose(op wire.Kind, object uint64) {
	h.effects = append(h.effects, Effect{Kind: Propose, Op: op, Object: object})
}
