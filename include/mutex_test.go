package include_test

import (
	"encoding/binary"
	"math"
	"os"
	"testing"

	"shmkit/internal/layout"
)

// asleep waits until p has slept on a word of the segment more than before times.
func asleep(im *image, path string, slot uint32, before uint64) {
	im.t.Helper()
	eventually(im.t, "waiter never slept", func() bool {
		im.read(path)
		return im.participant(slot).Sleeps > before
	})
}

func TestMutualExclusion(t *testing.T) {
	im := newImage(t)
	path := im.write()
	const n = 20000
	a, b := openPeer(t, path, "counter"), openPeer(t, path, "counter")
	a.send("threads", n)
	b.send("count", n)
	a.wantAnswer(ok)
	b.wantAnswer(ok)
	im.read(path)
	if got := *at[uint64](im, im.record(counter).Data+64); got != 5*n {
		t.Errorf("counter = %d, want %d", got, 5*n)
	}
	if w := *im.word(counter); w != 0 {
		t.Errorf("word = %#x after everybody unlocked", w)
	}
}

func TestTryAndTimed(t *testing.T) {
	im := newImage(t)
	path := im.write()
	a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
	b.want(perm, "unlock")
	a.want(ok, "trylock")
	a.want(busy, "trylock")
	b.want(busy, "trylock")
	b.want(timedOut, "timedlock", 10)
	b.want(timedOut, "timedlock", -1)
	b.want(perm, "unlock")
	a.want(perm, "mark")
	a.want(busy, "release")
	a.want(ok, "unlock")
	b.want(ok, "timedlock", 10)
	b.want(ok, "unlock")
	b.want(ok, "release")
	b.want(eClosed, "lock")
}

// Deadlines far in the future and in the past are that.
func TestFarDeadlines(t *testing.T) {
	im := newImage(t)
	path := im.write()
	a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
	a.want(ok, "lock")
	b.want(timedOut, "lockbefore", math.MinInt64)
	b.want(timedOut, "timedlock", math.MinInt64)
	for _, far := range []string{"lockbefore", "timedlock"} {
		im.read(path)
		sleeps := im.participant(1).Sleeps
		b.send(far, math.MaxInt64)
		asleep(im, path, 1, sleeps)
		a.want(ok, "unlock")
		b.wantAnswer(ok)
		b.want(ok, "unlock")
		a.want(ok, "lock")
	}
}

// A wait that ends without the lock passes its wake-up on, even if the word tells
// of nobody who sleeps: the one that woke it took the mark away.
func TestGiveUpWakes(t *testing.T) {
	im := newImage(t)
	path := im.write()
	a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
	a.want(ok, "lock")
	b.want(timedOut, "giveup")
	im.read(path)
	if w := *im.word(lockObj); w&layout.MutexWaiters != 0 {
		t.Errorf("word = %#x, the test is void", w)
	}
}

// The holder is killed while another process waits, and while nobody does.
func TestHolderKilled(t *testing.T) {
	for _, mode := range []string{"waitv", "nowaitv"} {
		t.Run(mode, func(t *testing.T) {
			im := newImage(t)
			path := im.write()
			a, b, c := openPeer(t, path, "lock"), openPeer(t, path, "lock"), openPeer(t, path, "lock")
			if mode == "nowaitv" {
				b.want(ok, mode)
				c.want(ok, mode)
			}
			a.want(ok, "lock")
			b.send("lock")
			c.send("lock")
			asleep(im, path, 1, 0)
			asleep(im, path, 2, 0)
			if seen := at[layout.Mutex](im, im.record(lockObj).Data).SeenOwner; layout.OwnerSlot(seen) != 0 {
				t.Errorf("seen owner %#x, want one in slot 0", seen)
			}
			a.kill()
			first, second := firstHolder(t, im, path, b, c)
			first.wantAnswer(ownerDead)
			first.want(ok, "mark")
			first.want(ok, "unlock")
			second.wantAnswer(ok)
			second.kill()
			first.want(ownerDead, "timedlock", 60000)
			first.want(ok, "unlock") // unrepaired
			first.want(notRecoverable, "lock")
			first.want(notRecoverable, "trylock")
			im.read(path)
			if got := at[layout.Mutex](im, im.record(lockObj).Data).Takeovers; got != 2 {
				t.Errorf("takeovers = %d, want 2", got)
			}
		})
	}
}

// firstHolder tells who of two waiters, in slots 1 and 2, has the lock now.
func firstHolder(t *testing.T, im *image, path string, b, c *peer) (first, second *peer) {
	var slot uint32
	eventually(t, "nobody took the lock over", func() bool {
		im.read(path)
		slot = layout.OwnerSlot(*im.word(lockObj))
		return slot != 0
	})
	if slot == 1 {
		return b, c
	}
	return c, b
}

// An unlock wakes, and who takes the lock keeps the mark that others sleep. That
// sleepers look again by themselves would hide both for a while.
func TestUnlockWakes(t *testing.T) {
	im := newImage(t)
	path := im.write()
	a, b, c := openPeer(t, path, "lock"), openPeer(t, path, "lock"), openPeer(t, path, "lock")
	a.want(ok, "lock")
	b.send("lock")
	c.send("lock")
	asleep(im, path, 1, 0)
	asleep(im, path, 2, 0)
	a.want(ok, "unlock")
	im.read(path)
	if wakes := im.participant(0).Wakes; wakes != 1 {
		t.Errorf("wakes = %d, want 1", wakes)
	}
	first, second := firstHolder(t, im, path, b, c)
	if w := *im.word(lockObj); w&layout.MutexWaiters == 0 {
		t.Errorf("word = %#x: one still sleeps, nobody would wake it", w)
	}
	first.wantAnswer(ok)
	first.want(ok, "unlock")
	second.wantAnswer(ok)
}

// A killed waiter disturbs nobody.
func TestWaiterKilled(t *testing.T) {
	im := newImage(t)
	path := im.write()
	a, b, c := openPeer(t, path, "lock"), openPeer(t, path, "lock"), openPeer(t, path, "lock")
	for range 5 {
		a.want(ok, "lock")
		im.read(path)
		sleeps := im.participant(b.slot()).Sleeps
		b.send("lock")
		asleep(im, path, 1, sleeps)
		d := openPeer(t, path, "lock")
		slot := d.slot()
		d.send("lock")
		asleep(im, path, slot, 0)
		d.kill()
		a.want(ok, "unlock")
		b.wantAnswer(ok)
		b.want(ok, "unlock")
		c.want(ok, "lock")
		c.want(ok, "unlock")
	}
}

func TestNotRecoverableWakesSleepers(t *testing.T) {
	im := newImage(t)
	path := im.write()
	a, b, c := openPeer(t, path, "lock"), openPeer(t, path, "lock"), openPeer(t, path, "lock")
	a.want(ok, "lock")
	a.kill()
	b.want(ownerDead, "lock")
	c.send("lock")
	asleep(im, path, 2, 0)
	b.want(ok, "unlock")
	c.wantAnswer(notRecoverable)
}

// A process that closes the segment with the lock held passes it on.
func TestCloseWhileHeld(t *testing.T) {
	im := newImage(t)
	path := im.write()
	a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
	a.want(ok, "lock")
	b.send("lock")
	asleep(im, path, 1, 0)
	a.want(ok, "close")
	a.want(eClosed, "lock")
	b.wantAnswer(ownerDead)
	b.want(ok, "mark")
	b.want(ok, "unlock")
	b.want(ok, "close")
	im.read(path)
	for slot := range uint32(2) {
		if p := im.participant(slot); p.State != layout.SlotFree || p.Death != 0 {
			t.Errorf("slot %d: state %d, death word %#x after close", slot, p.State, p.Death)
		}
	}
	if h := im.record(lockObj).Holders[0]; h != 0 {
		t.Errorf("holders = %#x after close", h)
	}
}

// A word may name an owner that is long gone: slot or generation not in use.
func TestStaleOwner(t *testing.T) {
	for _, tt := range []struct {
		name string
		word uint32
		want int
	}{
		{"generation of the past", layout.Owner(900, 5), ownerDead},
		{"orphan", layout.MutexOrphan, ownerDead},
		{"orphan with waiters", layout.MutexOrphan | layout.MutexWaiters, ownerDead},
		{"waiters left by a dead waker", layout.MutexWaiters, ok},
		{"unusable", layout.MutexUnusable, notRecoverable},
		{"died twice", layout.MutexDied | layout.Owner(900, 5), ownerDead},
		{"generation 0", layout.Owner(900, 0), eCorrupt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			im := newImage(t)
			*im.word(lockObj) = tt.word
			p := openPeer(t, im.write(), "lock")
			p.want(tt.want, "lock")
			if tt.want == eCorrupt {
				if detail := p.want(ok, "detail"); detail != "mutex.word" {
					t.Errorf("detail = %q", detail)
				}
			}
		})
	}
}

// poke changes a word of a segment file that processes have mapped.
func poke(t *testing.T, path string, off uint64, word uint32) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(binary.LittleEndian.AppendUint32(nil, word), int64(off)); err != nil {
		t.Fatal(err)
	}
}

// A word may name a slot that a live process has moved into since the holder died.
func TestStaleGeneration(t *testing.T) {
	im := newImage(t)
	path := im.write()
	a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
	im.read(path)
	poke(t, path, im.record(lockObj).Data, layout.Owner(a.slot(), im.participant(a.slot()).Generation+1))
	b.want(ownerDead, "trylock")
	b.want(ok, "mark")
	b.want(ok, "unlock")
	a.want(ok, "lock")
}

// The death word says that the keeper is gone, not that the process is: that says
// only the lock on its byte.
func TestDeathWordIsNoProof(t *testing.T) {
	im := newImage(t)
	path := im.write()
	a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
	a.want(ok, "lock")
	im.read(path)
	death := im.participant(a.slot()).Death
	// The third word of a participant.
	poke(t, path, layout.ParticipantOff(a.slot())+8, death|layout.DeathDied)
	b.want(busy, "trylock")
	b.want(timedOut, "timedlock", 10)
	a.want(ok, "unlock")
	b.want(ok, "lock")
}
