package word

import "shmkit/internal/layout"

// The word of a role is described in internal/layout. o is another owner id than self.
//
//	word       RoleClaim, owner is   becomes    verdict
//	0 0        –                     0 self     Taken
//	1 o, self  –                     0 self     TakenOver: its last holder died
//	0 o        Dead                  0 self     TakenOver
//	0 o        Unasked, Alive        –          Held
//	0 self     –                     –          Held: another handle of this process has it
//	other      –                     –          Corrupt
//
//	word       RoleRelease           RoleOrphan of the dead o
//	0 self     0 0     Released      –          NotHeld
//	0 o        –       NotHeld       1 o        Orphaned
//	1 o        –       NotHeld       –          NotHeld

// RoleClaim is one try of self to take the end whose word is w. owner is what is known of
// the process in w.
func RoleClaim(w, self uint32, owner Owner) Move {
	had := w & layout.OwnerMask
	switch {
	case w == 0:
		return Move{Next: self, Verdict: Taken, Wake: All}
	case w&^(layout.OwnerMask|layout.RoleDied) != 0:
		return Move{Next: w, Verdict: Corrupt}
	case w&layout.RoleDied != 0, had != self && owner == Dead:
		return Move{Next: self, Verdict: TakenOver, Wake: All}
	}
	return Move{Next: w, Verdict: Held}
}

// RoleRelease gives back the end whose word is w. Those at the other end learn of it, and
// so do those who wait for this one.
func RoleRelease(w, self uint32) Move {
	if w != self {
		return Move{Next: w, Verdict: NotHeld}
	}
	return Move{Next: 0, Verdict: Released, Wake: All}
}

// RoleOrphan takes the end away from owner, which is dead, or has no handle any more.
func RoleOrphan(w, owner uint32) Move {
	if w != owner || owner == 0 {
		return Move{Next: w, Verdict: NotHeld}
	}
	return Move{Next: w | layout.RoleDied, Verdict: Orphaned, Wake: All}
}
