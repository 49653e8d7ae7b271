package word_test

import (
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

func TestRoles(t *testing.T) {
	const self, other, died = 5<<20 | 1, 6<<20 | 2, layout.RoleDied
	for _, tt := range []struct {
		what       string
		have, want word.Move
	}{
		{"claim of a free role", word.RoleClaim(0, self, word.Unasked), word.Move{self, word.Taken, all}},
		{"claim after a death", word.RoleClaim(died|other, self, word.Unasked), word.Move{self, word.TakenOver, all}},
		{"claim after our own", word.RoleClaim(died|self, self, word.Unasked), word.Move{self, word.TakenOver, all}},
		{"claim from the dead", word.RoleClaim(other, self, word.Dead), word.Move{self, word.TakenOver, all}},
		{"claim from the living", word.RoleClaim(other, self, word.Alive), word.Move{other, word.Held, 0}},
		{"claim from somebody", word.RoleClaim(other, self, word.Unasked), word.Move{other, word.Held, 0}},
		{"claim from ourselves", word.RoleClaim(self, self, word.Dead), word.Move{self, word.Held, 0}},
		{"claim of nonsense", word.RoleClaim(1<<30|other, self, word.Dead), word.Move{1<<30 | other, word.Corrupt, 0}},
		{"release", word.RoleRelease(self, self), word.Move{0, word.Released, all}},
		{"release of another's", word.RoleRelease(other, self), word.Move{other, word.NotHeld, 0}},
		{"release after a death", word.RoleRelease(died|self, self), word.Move{died | self, word.NotHeld, 0}},
		{"orphan", word.RoleOrphan(other, other), word.Move{died | other, word.Orphaned, all}},
		{"orphan of another's", word.RoleOrphan(self, other), word.Move{self, word.NotHeld, 0}},
		{"orphan of nobody's", word.RoleOrphan(0, 0), word.Move{0, word.NotHeld, 0}},
		{"orphan twice", word.RoleOrphan(died|other, other), word.Move{died | other, word.NotHeld, 0}},
	} {
		if tt.have != tt.want {
			t.Errorf("%s: %#x, want %#x", tt.what, tt.have, tt.want)
		}
	}
}
