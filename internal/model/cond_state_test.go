package model_test

import (
	"errors"
	"fmt"
	"strings"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// The model of a condition: processes with one thread each wait once, a notifier that
// nobody kills notifies some of them, processes are killed, and one who cleans up after
// them may be killed and replaced at any step. The lock is one word that excludes; its
// own deaths are the business of the model of the mutex.
const condWaiters = 3

// condPC is what comes next. Each is one atomic step.
type condPC uint8

const (
	condIdle   condPC = iota // wants the lock, to wait
	condClaim                // a cell and a ticket
	condGive                 // give the lock back
	condLoad                 // look at the own cell
	condSay                  // be asleep from now on
	condLook                 // look at cell At, which ends with an adoption perhaps
	condSwap                 // after an adoption: give the other cell up
	condSleep                // the kernel compares and lets it sleep, or not
	condAsleep               // sleep
	condLeave                // the context has ended
	condRetake               // wants the lock again
	condDone                 // free the cell, with the lock
	condUnlock
	condTidy // look at Left
	condOver
	condPassLeft // passOn: load Left
	condPassLook // find a cell without an owner and somebody for it
	condPassMove // make a sleeper look, or end the notification
	condPassWake
	condPassEnd // clear Left
	condRaise   // raise Left
	condNotify  // find the oldest
	condMark    // notify it
	condWake    // wake it
	condSweep   // the sweep of process At
)

var condNames = strings.Fields("idle claim give load say look swap sleep asleep leave retake done unlock tidy over " +
	"passLeft passLook passMove passWake passEnd raise notify mark wake sweep")

// condCell is a cell in few bits.
type condCell struct{ State, Owner, Stamp uint8 }

func (c condCell) word() uint64 {
	owner := uint32(0)
	if c.Owner != 0 {
		owner = condID(int(c.Owner) - 1)
	}
	return layout.CondCell(uint64(c.State), owner, uint32(c.Stamp))
}

func condCellOf(w uint64) condCell {
	c := condCell{State: uint8(w & layout.CondStateMask), Stamp: uint8(layout.CondStamp(w))}
	if o := layout.CondOwner(w); o != 0 {
		c.Owner = uint8(layout.OwnerSlot(o)) + 1
	}
	return c
}

func condID(process int) uint32 { return layout.Owner(uint32(process), 1) }

// condThread is a waiter, the notifier, or the sweeper.
type condThread struct {
	PC, Then condPC // Then: after a passOn
	Cell     uint8  // its own
	Old      uint8  // that it gives up after an adoption
	At       uint8  // cell that it looks at
	Target   uint8  // cell of the one it wakes
	Ticket   uint8
	W, X     condCell // what was loaded
	Seen     uint8    // Left
	Dead     bool
	Swept    bool
	Remains  bool // passOn: something is left
}

// Threads: the waiters, then:
const (
	condNotifier = condWaiters
	condSweeper  = condWaiters + 1
	condThreads  = condWaiters + 2
)

// condState is a state of the model.
type condState struct {
	T      [condThreads]condThread
	Cells  [condWaiters]condCell
	Lock   uint8 // who has it, + 1
	Ticket uint8
	Left   uint8
	ToSend uint8 // notifications to come
	Deaths uint8 // to come

	// Ghosts.
	Sent, Had, Ended uint8 // notifications: made, with who returned, for nobody any more
	Debt             bool  // somebody was killed who owed a wake-up
	Wrong            bool  // a notification was ended that somebody could have had
}

func (s condState) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "lock %d left %d cells", s.Lock, s.Left)
	for _, c := range s.Cells {
		fmt.Fprintf(&b, " %d%c%d", c.Owner, "FLAN"[c.State], c.Stamp)
	}
	for i, t := range s.T {
		fmt.Fprintf(&b, " | %d %s", i, condNames[t.PC])
		if t.Dead {
			b.WriteString(" dead")
		}
	}
	return b.String()
}

// notifications counts those in cells.
func (s *condState) notifications() (n uint8) {
	for _, c := range s.Cells {
		if uint64(c.State) == layout.CondNotified {
			n++
		}
	}
	return n
}

// able tells whether some waiter that lives waits and may have the notification.
func (s *condState) able(w uint64) bool {
	for i := range condWaiters {
		t := &s.T[i]
		if t.Dead || t.PC < condGive || t.PC > condLeave {
			continue
		}
		if c := s.Cells[t.Cell]; int(c.Owner) == i+1 {
			if ticket, ok := word.CondWaits(c.word()); ok && word.CondFor(w, ticket) {
				return true
			}
		}
	}
	return false
}

// law holds in every state.
func (s condState) law() error {
	if s.Wrong {
		return errors.New("a notification was ended, and somebody waits who could have it")
	}
	if n := s.notifications(); s.Sent != s.Had+s.Ended+n {
		return fmt.Errorf("%d notifications, %d of them arrived, %d ended, %d are there", s.Sent, s.Had, s.Ended, n)
	}
	if s.Debt || !s.quiet() {
		return nil
	}
	for i := range condWaiters {
		if t := s.T[i]; t.PC == condAsleep && !t.Dead && s.Cells[t.Cell].State != uint8(layout.CondAsleep) {
			return fmt.Errorf("%d sleeps for ever in a cell that has changed", i)
		}
	}
	for _, c := range s.Cells {
		if w := c.word(); uint64(c.State) == layout.CondNotified && s.able(w) {
			return fmt.Errorf("a notification stays, and somebody sleeps who could have it")
		}
	}
	return nil
}

// quiet tells whether all sleep or are over, and all the dead are swept.
func (s *condState) quiet() bool {
	for _, t := range s.T {
		resting := t.Dead || t.PC == condOver || t.PC == condAsleep || t.PC == condIdle
		if !resting || t.Dead && !t.Swept {
			return false
		}
	}
	return true
}

// same forgets registers that are written before they are read again.
func (s condState) same() condState {
	for i := range s.T {
		s.T[i] = s.T[i].alive(i)
	}
	return s
}

func (t condThread) alive(i int) (n condThread) {
	if t.Dead {
		return condThread{Dead: true, Swept: t.Swept}
	}
	n.PC = t.PC
	passes := t.PC >= condPassLeft && t.PC <= condRaise
	if t.PC == condTidy || passes {
		n.Then = t.Then
	}
	if i < condWaiters && (t.PC >= condGive && t.PC <= condDone || n.Then == condLoad) {
		n.Cell, n.Ticket = t.Cell, t.Ticket
	}
	if i == condSweeper || t.PC == condSwap {
		n.Old = t.Old
	}
	switch t.PC {
	case condSay, condLook, condSleep, condPassMove:
		n.W = t.W
	}
	switch t.PC {
	case condPassMove, condMark:
		n.X = t.X
	}
	switch t.PC {
	case condPassMove, condPassWake, condMark, condWake:
		n.Target = t.Target
	}
	switch t.PC {
	case condLook, condSweep, condPassLook, condPassMove, condPassWake:
		n.At = t.At
	}
	if t.PC == condRaise && t.Then == condSweep {
		n.At = t.At
	}
	switch t.PC {
	case condPassLook, condPassMove, condPassWake:
		n.Remains, n.Seen = t.Remains, t.Seen
	case condPassEnd:
		n.Seen = t.Seen
	}
	return n
}
