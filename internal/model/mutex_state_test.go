package model_test

import (
	"fmt"
	"strings"

	"shmkit/internal/layout"
)

// threads and processes of the model; thread t belongs to process t, unless a
// setting puts two into one.
const threads = 3

// pc is what a thread does next. Each is one atomic step.
type pc uint8

const (
	idle     pc = iota // nothing, or the compare-and-swap of the fast path
	publish            // broken variant only: name the owner after taking the lock
	look               // load the word
	take               // compare-and-swap to what look decided
	aim                // load the death word to sleep on
	ask                // load generation and death word of the holder
	askByte            // ask the kernel whether the holder's byte is locked
	takeDead           // compare-and-swap: the holder is dead
	announce           // compare-and-swap: set W
	sleep              // the kernel compares the words and lets the thread sleep, or not
	asleep             // wait
	giveUp             // wake another in its place: the context has ended
	herald             // wake another, that it may know the new holder
	sweep              // clear the death word of the holder it took over from
	inside             // in the critical section; next is the fast path of Unlock
	change             // load the word, as holder
	commit             // compare-and-swap to what change decided
	wake               // wake those whom the change owes it
	orphan             // load the word, on behalf of the process that had the slot before
	orphaned           // compare-and-swap to what orphan decided
	orphanW            // wake whom that owes it
	clear              // clear the death word
	enter              // raise the generation, become a participant
	gone               // stopped by SIGKILL
)

var pcNames = strings.Fields("idle publish look take aim ask askByte takeDead announce sleep asleep giveUp " +
	"herald sweep inside change commit wake orphan orphaned orphanW clear enter gone")

// holding tells whether a thread there has the lock.
func (p pc) holding() bool { return p >= herald && p <= commit || p == publish }

// thread is one thread: where it is and what it has in its registers.
type thread struct {
	PC      pc
	W       code  // the word that it last loaded
	Kind    uint8 // change: which; wake: how many
	Slept   bool
	Try     bool  // TryLock
	Told    bool  // holds the lock with ErrOwnerDied
	Recheck bool  // the last sleep ended by its bound; see rescued
	Dying   bool  // the holder is: the next sleep is a short one
	On      uint8 // process whose death word it sleeps on, + 1
	Dead    code  // owner that it took the lock over from

	// Ghosts: what laws speak of and the code does not know.
	Woken bool // by somebody who owed that, or by the kernel on a death word
}

// phase is how far a process is from life.
type phase uint8

const (
	up       phase = iota
	dying          // announced by the kernel, some thread still runs
	stopped        // no thread runs, not yet announced
	ending         // no thread runs, announced; the byte is still locked
	dead           // the byte is free
	starting       // a new process has the byte and cleans up
	absent         // never there
)

var phaseNames = strings.Fields("up dying stopped ending dead starting absent")

// Values of a death word.
const (
	deathNone uint8 = iota // 0: swept
	deathTID               // that of a living process; always the same, which is the worst case
	deathDied              // written by the kernel
)

type process struct {
	Phase      phase
	Generation uint8 // 1 or 2, in turn: the sweep must leave no trace of the one before
	Death      uint8
}

// state is a state of the model.
type state struct {
	T    [threads]thread
	P    [threads]process
	Word code
	Left uint8 // SIGKILLs that may still come

	// Ghosts.
	Dirty bool // a holder died inside and nobody has repaired it
	Ruin  bool // somebody unlocked unrepaired
	Debt  bool // somebody was killed who owed a wake-up, and some sleep since
	Wrong wrong
}

// wrong is a law that a step has broken.
type wrong uint8

const (
	none wrong = iota
	untold
	toldTwice
	afterRuin
	lostLock
	impossible
)

var wrongs = []string{"", "a holder died inside and the next one was not told", "told of a death without one",
	"taken although it is not recoverable", "the holder finds that it does not hold", "a word that no process writes"}

// code is a word of a mutex in 8 bits: W, D, and whom it names.
type code uint8

const (
	codeW, codeD     code = 1 << 7, 1 << 6
	codeOrphan       code = 1
	codeUnusable     code = 2
	codeOwner        code = 3 // + 2*process + generation-1
	codeBad          code = 63
	codeMask         code = 63
	generationsModel      = 2
)

func ownerCode(process, generation uint8) code {
	return codeOwner + generationsModel*code(process) + code(generation) - 1
}

// process and generation of an owner; ok is false if c names none.
func (c code) owner() (process, generation uint8, ok bool) {
	if c &= codeMask; c < codeOwner || c == codeBad {
		return 0, 0, false
	}
	c -= codeOwner
	return uint8(c / generationsModel), uint8(c%generationsModel) + 1, true
}

func (c code) word() uint32 {
	w := uint32(0)
	if p, g, ok := c.owner(); ok {
		w = layout.Owner(uint32(p), uint32(g))
	}
	switch c & codeMask {
	case codeOrphan:
		w = layout.MutexOrphan
	case codeUnusable:
		w = layout.MutexUnusable
	}
	if c&codeW != 0 {
		w |= layout.MutexWaiters
	}
	if c&codeD != 0 {
		w |= layout.MutexDied
	}
	return w
}

func codeOf(w uint32) (c code) {
	if w&layout.MutexWaiters != 0 {
		c = codeW
	}
	switch w &= ^layout.MutexWaiters; {
	case w == 0:
		return c
	case w == layout.MutexOrphan:
		return c | codeOrphan
	case w == layout.MutexUnusable:
		return c | codeUnusable
	}
	if w&layout.MutexDied != 0 {
		c |= codeD
	}
	slot, generation := layout.OwnerSlot(w), layout.OwnerGeneration(w)
	if slot >= threads || generation == 0 || generation > generationsModel {
		return c | codeBad
	}
	return c | ownerCode(uint8(slot), uint8(generation))
}

func (c code) String() string {
	s := ""
	if c&codeW != 0 {
		s = "W"
	}
	if c&codeD != 0 {
		s += "D"
	}
	if p, g, ok := c.owner(); ok {
		return fmt.Sprintf("%s%c%d", s, 'A'+p, g)
	}
	return s + map[code]string{0: "0", codeOrphan: "orphan", codeUnusable: "unusable", codeBad: "bad"}[c&codeMask]
}

func (s state) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "word %v", s.Word)
	for i, t := range s.T {
		fmt.Fprintf(&b, " | %c%d %s %s", 'A'+i, s.P[i].Generation, phaseNames[s.P[i].Phase], pcNames[t.PC])
		if t.PC == asleep && t.On > 0 {
			fmt.Fprintf(&b, " on %c", 'A'+t.On-1)
		}
		if t.Woken {
			b.WriteString(" woken")
		}
	}
	return b.String()
}
