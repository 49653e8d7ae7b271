package word

import (
	"fmt"
	"math"
)

// Move is the answer of a transition function.
type Move struct {
	Next    uint32  // what the word becomes; the value that was looked at if it stays
	Verdict Verdict // what is true once Next is in the word
	Wake    int     // how many sleepers on the word to wake then
}

// All, as Move.Wake, is every sleeper.
const All = math.MaxInt32

// Verdict tells the caller what it has, or what it must do.
type Verdict uint8

const (
	// Taken: the caller holds the lock.
	Taken Verdict = iota
	// TakenOver: the caller holds the lock, and is told that a holder died inside.
	TakenOver
	// Held: somebody has the lock. Find out whether it is alive and ask again.
	Held
	// Sleep: a living process has the lock and the word says that somebody waits.
	// Sleep while the word is Next.
	Sleep
	// Released: the caller has given the lock back.
	Released
	// Ruined: the caller has given it back unrepaired. Nobody ever takes it again.
	Ruined
	// Orphaned: nobody has the lock, and the next holder is told of a death.
	Orphaned
	// Repaired: the caller still holds the lock, which is sound again.
	Repaired
	// NotHeld: the word does not name the process that was asked about.
	NotHeld
	// Consistent: there was nothing to repair.
	Consistent
	// NotRecoverable: see Ruined.
	NotRecoverable
	// Corrupt: no process writes such a word.
	Corrupt
	// Passed: what the caller waits for has happened, or what it wants is done.
	Passed
	// Arrived: the caller is one of the parties, and others are missing.
	Arrived
	// Last: the caller is the last of the parties, and has an action to run before it
	// releases them.
	Last
	// Broken: the generation will not pass, or did not.
	Broken
	// TooMany: there is no room for what was given.
	TooMany

	verdicts = iota
)

var verdictNames = [verdicts]string{
	"Taken", "TakenOver", "Held", "Sleep", "Released", "Ruined", "Orphaned", "Repaired", "NotHeld", "Consistent",
	"NotRecoverable", "Corrupt", "Passed", "Arrived", "Last", "Broken", "TooMany",
}

// String is the name of the constant.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// Has tells whether the caller holds the lock.
func (v Verdict) Has() bool { return v == Taken || v == TakenOver }

// Owner is what the caller knows of the process that a word names.
type Owner uint8

const (
	// Unasked: nothing yet; it costs.
	Unasked Owner = iota
	// Alive: it may still store into the segment. One that is dying is alive.
	Alive
	// Dead: it is proved that it stores nothing any more.
	Dead
)
