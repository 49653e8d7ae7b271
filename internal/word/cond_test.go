package word_test

import (
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

func TestCondMoves(t *testing.T) {
	const ticket, next = 5, 9
	cell := layout.CondCell
	looking, asleep := cell(layout.CondLooking, me, ticket), cell(layout.CondAsleep, me, ticket)
	notified, left := cell(layout.CondNotified, me, next), cell(layout.CondNotified, 0, next)
	theirs := cell(layout.CondAsleep, other, ticket)
	dead := cell(layout.CondNotified, other, next)
	no := word.CondMove{}
	to := func(w uint64) word.CondMove { return word.CondMove{Next: w, OK: true} }
	wakes := func(w uint64) word.CondMove { return word.CondMove{Next: w, OK: true, Wake: true} }
	for _, tt := range []struct {
		name                                                              string
		cell                                                              uint64
		claim, announce, notify, nudge, quit, done, disown, adopt, forget word.CondMove
	}{
		{"free", 0, to(looking), no, no, no, no, no, no, no, no},
		{"looking", looking, no, to(asleep), to(notified), no, to(0), no, to(0), no, no},
		{"asleep", asleep, no, no, wakes(notified), wakes(looking), to(0), no, to(0), no, no},
		{"notified", notified, no, no, no, no, no, to(0), to(left), no, no},
		{"another's", theirs, no, no, wakes(cell(layout.CondNotified, other, next)), wakes(cell(layout.CondLooking, other, ticket)), no, no, no, no, no},
		{"of the dead", dead, no, no, no, no, no, no, no, to(notified), no},
		{"left", left, no, no, no, no, no, no, no, no, to(0)},
		{"left, damaged", left &^ layout.CondStateMask, no, no, no, no, no, no, no, no, no},
	} {
		for name, got := range map[string][2]word.CondMove{
			"CondClaim":    {word.CondClaim(tt.cell, me, ticket), tt.claim},
			"CondAnnounce": {word.CondAnnounce(tt.cell, me), tt.announce},
			"CondNotify":   {word.CondNotify(tt.cell, next), tt.notify},
			"CondNudge":    {word.CondNudge(tt.cell), tt.nudge},
			"CondQuit":     {word.CondQuit(tt.cell, me), tt.quit},
			"CondDone":     {word.CondDone(tt.cell, me), tt.done},
			"CondDisown":   {word.CondDisown(tt.cell, me), tt.disown},
			"CondAdopt":    {word.CondAdopt(tt.cell, other, me, ticket), tt.adopt},
			"CondForget":   {word.CondForget(tt.cell), tt.forget},
		} {
			if !got[0].OK && !got[1].OK {
				continue
			}
			if got[0] != got[1] {
				t.Errorf("%s of %s = %+v, want %+v", name, tt.name, got[0], got[1])
			}
		}
	}
	if move := word.CondAdopt(left, 0, me, ticket); move != to(notified) {
		t.Errorf("CondAdopt of what was left = %+v", move)
	}
	for _, late := range []uint32{next, next + 1, next + 1<<28} {
		if move := word.CondAdopt(left, 0, me, late); move.OK {
			t.Errorf("CondAdopt by ticket %d of a notification before ticket %d", late, next)
		}
	}
	if move := word.CondDisown(left, 0); move.OK {
		t.Errorf("CondDisown for nobody = %+v", move)
	}
}

// Tickets wrap around: the older one is found by the sign of the difference.
func TestCondTickets(t *testing.T) {
	for _, tt := range []struct {
		a, b  uint32
		older bool
	}{
		{0, 1, true}, {1, 0, false}, {7, 7, false}, {layout.CondTicketMask, 0, true}, {0, layout.CondTicketMask, false},
		{layout.CondTicketMask - 5, 5, true}, {5, layout.CondTicketMask - 5, false},
	} {
		if got := layout.CondOlder(tt.a, tt.b); got != tt.older {
			t.Errorf("CondOlder(%#x, %#x) = %v", tt.a, tt.b, got)
		}
	}
}
