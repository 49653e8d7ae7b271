package storm

import (
	"slices"

	"shmkit/shm"
)

// Actor is one kind of object, with what is done to it and what must hold of it.
// It lives in the process of the test, and its methods are called one at a time.
type Actor interface {
	// Name is for the report.
	Name() string
	// Kinds are the names of its operations; a [Deed] has the index of one.
	Kinds() []string
	// Setup makes the objects that the lanes share. They need not be removed.
	Setup(seg *shm.Segment, lanes int) error
	// Open gives the side of one lane. It is called in each process of the storm, on
	// an actor that was not set up there.
	Open(l *Lane) (Player, error)
	// Learn is told of each deed, those of one lane in order. If d.Known is false its
	// process was killed before it could acknowledge: once, in part or not at all.
	Learn(d *Deed)
	// Verdict compares the deeds with what there is when all is over. It reports
	// each broken law, and removes what it made outside of seg.
	Verdict(seg *shm.Segment, report func(format string, args ...any))
}

// Player is the side of an actor that one lane has. One goroutine uses it.
type Player interface {
	// Step does one random operation, between l.Begin and l.End. What breaks the law
	// at once ends the process, by l.Fault or l.Must.
	Step(l *Lane)
	// Close ends the use of all objects.
	Close() error
}

// actors makes one of each. A primitive is added to the storm by a line here.
func actors() []Actor {
	return []Actor{
		new(exclusion), new(numbers), new(tokens), new(stores), new(bank), new(names), new(blobs), new(letters), new(segments),
		new(shelf),
		new(meetings),
		new(turnstile),
		new(crew),
		new(queue),
		crates(), trains(),
	}
}

// cast is all actors, or the one of that name.
func cast(only string) []Actor {
	return slices.DeleteFunc(actors(), func(a Actor) bool { return only != "" && a.Name() != only })
}

// narrator is an actor that has something to tell after its verdict.
type narrator interface{ Tell() string }

// Deed is one operation, as the ledger knows it.
type Deed struct {
	Lane        int
	Incarnation uint32 // counts the processes that ran the lane
	Kind        int
	Known       bool
	Begun       int64     // monotonic, of all processes
	Ended       int64     // if not Known: when the process was surely gone
	Args        [4]uint64 // what Begin was given
	Result      [4]uint64 // what End was given
}

// uid names a thing that a lane made, for ever and in all processes.
func uid(lane int, incarnation uint32, serial uint64) uint64 {
	return uint64(lane+1)<<56 | uint64(incarnation&0xffffff)<<32 | serial&0xffffffff
}
