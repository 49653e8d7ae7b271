package manager

import (
	"time"

	"shmkit/internal/wire"
)

// alarms are the operations that are to come after some time. Whoever has the host has them.
//
// Most calls end before their time; their timers must not stay until then.
type alarms struct {
	timeouts map[uint64]map[uint64]*time.Timer // by session and call
	others   map[alarm]*time.Timer
}

type alarm struct {
	op            wire.Kind
	session, call uint64
}

func newAlarms() alarms {
	return alarms{map[uint64]map[uint64]*time.Timer{}, map[alarm]*time.Timer{}}
}

// set makes f run after d, for an operation.
func (a *alarms) set(op alarm, d time.Duration, f func()) {
	if op.op != wire.Timeout {
		a.others[op] = time.AfterFunc(d, f)
		return
	}
	calls := a.timeouts[op.session]
	if calls == nil {
		calls = map[uint64]*time.Timer{}
		a.timeouts[op.session] = calls
	}
	calls[op.call] = time.AfterFunc(d, f)
}

// went: the alarm went off.
func (a *alarms) went(op alarm) {
	if op.op == wire.Timeout {
		a.answered(op.session, op.call)
		return
	}
	delete(a.others, op)
}

// answered: the call needs no timeout any more.
func (a *alarms) answered(session, call uint64) {
	if len(a.timeouts) == 0 {
		return
	}
	calls := a.timeouts[session]
	if t := calls[call]; t != nil {
		t.Stop()
		if delete(calls, call); len(calls) == 0 {
			delete(a.timeouts, session)
		}
	}
}

// expired: the session has no calls any more.
func (a *alarms) expired(session uint64) {
	for _, t := range a.timeouts[session] {
		t.Stop()
	}
	delete(a.timeouts, session)
}

// stop ends all.
func (a *alarms) stop() {
	for session := range a.timeouts {
		a.expired(session)
	}
	for _, t := range a.others {
		t.Stop()
	}
	clear(a.others)
}

// len is how many have not gone off.
func (a *alarms) len() int {
	n := len(a.others)
	for _, calls := range a.timeouts {
		n += len(calls)
	}
	return n
}
