package model_test

import (
	"fmt"
	"strings"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// The queue under proof is as small as it can be and still go round: one or two places,
// a block more, two producers of some messages each and two consumers, the second of whom
// gives its first message back. Whoever is dead is swept by a fifth process, which may be
// killed and begin anew.
const (
	queueBlocks = 3 // at most
	queueActors = 4
	queueMost   = 4 // messages
	halfWritten = 0xff
)

// Where an actor is. Each step is one shared access.
type queuePC uint8

const (
	putLook    queuePC = iota // read the slot of ticket T
	putThere                  // read the block that it leads to
	putClaim                  // take a free block
	putMore                   // take a second one, or give the first one back
	putHalf                   // write half of the message
	putWrite                  // and the rest
	putLink                   // raise the version, and tie the second block to the first
	putAgain                  // read the slot again
	putName                   // name the ticket in the block
	putPublish                // exchange the slot
	getReturns                // is there anything that came back
	getScan                   // read block I: is it Returned
	getSettle                 // say that none is
	getLook                   // read the slot of ticket T
	getThere                  // read the block that it leads to
	getTake                   // exchange the block
	getCopy                   // read the message
	getDrop                   // free the block, or make it Loaned
	getUnlink                 // free the block that is tied to it
	getFree                   // then it
	getNote                   // say that something comes back
	getReturn                 // give it back
	getNoteAgain
	queueDone
	queueGone  // killed
	queueSwept // and swept
)

var queueNames = strings.Fields("look there claim more half write link again name publish returns scan settle look there take copy drop unlink free note return note done gone swept")

// queueActor is a producer, if its number is below 2, or a consumer.
type queueActor struct {
	PC    queuePC
	T     uint8  // its ticket
	N     uint8  // messages that it has put, or given back
	B, I  uint8  // block
	L     uint8  // its second block
	Has   bool   // a block is claimed
	W, BW uint64 // words that it has read, of the slot and of the block
	V     uint64 // version of the returns
}

// queueSweep is the one who cleans up after Dead.
type queueSweep struct {
	Dead int8 // -1: nobody
	Pass queuePass
	I    uint8
	Read bool
	Ours bool // what W is tied to is the dead's
	W    uint64
}

type queueState struct {
	A       [queueActors]queueActor
	S       queueSweep
	Slot    [queueBlocks - 1]uint64
	Block   [queueBlocks]uint64
	Version [queueBlocks]uint8
	Next    [queueBlocks]uint8 // plus 1
	Returns uint64
	Left    uint8 // SIGKILLs that may still come

	Payload   [queueBlocks]uint8 // ghost: the message in it, from 1
	Ticket    [queueMost]uint8   // ghost: message of each ticket, 0: not published
	Published uint8
	Taken     uint8               // ghost: tickets that were taken out of the ring
	Acked     [queueMost + 1]bool // ghost: by message
	Wrong     string              // ghost: what a step saw that breaks a law
}

func (s queueState) String() string {
	text := fmt.Sprintf("slots %x blocks %x returns %d payload %v", s.Slot, s.Block, s.Returns, s.Payload)
	for i, a := range s.A {
		text += fmt.Sprintf(" | %c %s %d", 'A'+i, queueNames[a.PC], a.T)
	}
	return text
}

// owner is the slot number of actor i.
func queueOwner(i int) uint32 { return uint32(i + 1) }

// queueVariant is the queue under proof: the functions of package word, or others.
type queueVariant struct {
	slots, each uint8 // places, messages of a producer
	long        bool  // the messages of the first producer take two blocks

	there   func(w, ticket uint64) bool
	publish func(w uint64, block uint32) uint64
	resolve func(w uint64, slot, block uint32, seat, turn uint64) (uint64, bool)
	// What a broken one leaves out.
	hasty, mute, stale, once, rash, forgets bool
}

func (v *queueVariant) place(t uint8) (pos uint8, turn uint64) {
	return t % v.slots, uint64(t / v.slots)
}

func (v *queueVariant) blocks() uint8 {
	if v.long {
		return v.slots + 2
	}
	return v.slots + 1
}

var wholeQueue = queueVariant{there: word.QueueThere, publish: word.QueuePublish, resolve: word.QueueResolve}

// law is nil if the laws hold in s:
//
//   - messages are published and taken in the order of their tickets, each once;
//   - no more wait in the ring than there are places;
//   - nobody reads what is half-written, or another message;
//   - a message that was published and not acknowledged is in one block: Queued and
//     published, Held or Returned;
//   - what is tied to a block has the same message, and the block is not free;
//   - when the dead are swept and the others are between two calls, every other block is
//     free, and if something is Returned that is noted.
func (v *queueVariant) law(s queueState) error {
	if s.Wrong != "" {
		return fmt.Errorf("%s", s.Wrong)
	}
	if s.Published-s.Taken > v.slots {
		return fmt.Errorf("%d messages in %d places", s.Published-s.Taken, v.slots)
	}
	have, full := [queueMost + 1]int{}, 0
	for b, w := range s.Block {
		if v.carries(&s, uint8(b), w) {
			have[s.Payload[b]]++
			full++
			if err := v.tied(&s, uint8(b)); err != nil {
				return err
			}
		}
		if w&layout.CellStateMask == layout.CellLinked && s.Block[layout.LinkFirst(w)] == word.QueueFree {
			return fmt.Errorf("block %d is tied to one that is free", b)
		}
	}
	for m := uint8(1); m <= queueMost; m++ {
		if n := have[m]; s.wasPublished(m) && !s.Acked[m] && n != 1 {
			return fmt.Errorf("message %d is in %d blocks", m, n)
		} else if s.Acked[m] && n != 0 {
			return fmt.Errorf("message %d is still there", m)
		}
	}
	return v.quiet(&s, full)
}

// tied is the law of the second block of a message that counts, in block b.
func (v *queueVariant) tied(s *queueState, b uint8) error {
	if s.Next[b] == 0 {
		return nil
	}
	l := s.Next[b] - 1
	if s.Block[l] != word.QueueLinked(uint32(b), uint32(s.Version[b])) || s.Payload[l] != s.Payload[b] {
		return fmt.Errorf("message %d has half of its blocks", s.Payload[b])
	}
	return nil
}

// carries tells whether block b has a message that counts.
func (v *queueVariant) carries(s *queueState, b uint8, w uint64) bool {
	switch w & layout.CellStateMask {
	case layout.CellHeld, layout.CellReturned:
		return true
	case layout.CellQueued:
		pos, turn := v.place(uint8(layout.CellTicket(w)))
		return s.Slot[pos] == layout.SlotWord(layout.SlotFull, turn, uint32(b))
	}
	return false
}

func (s *queueState) wasPublished(m uint8) bool {
	for _, x := range s.Ticket {
		if x == m {
			return true
		}
	}
	return false
}

// quiet is the law of the instants at which nobody is in the middle of anything.
func (v *queueVariant) quiet(s *queueState, full int) error {
	for i, a := range s.A {
		if a.PC != queueDone && a.PC != queueSwept && (i < 2 || a.PC != getReturns) {
			return nil
		}
	}
	for _, w := range s.Block[:v.blocks()] {
		switch state := w & layout.CellStateMask; {
		case state == layout.CellFree || state == layout.CellLinked && v.carries(s, uint8(layout.LinkFirst(w)), s.Block[layout.LinkFirst(w)]):
			full++
		case state == layout.CellReturned && s.Returns&word.QueuePending == 0:
			return fmt.Errorf("nobody looks for a message that came back")
		}
	}
	if full != int(v.blocks()) {
		return fmt.Errorf("only %d blocks of %d are free or have a message", full, v.blocks())
	}
	return nil
}
