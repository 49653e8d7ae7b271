package sync_test

import (
	"encoding/binary"
	"errors"
	"os"
	"sync/atomic"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	shsync "shmkit/sync"
)

// At every instant a held word names its holder: a process that is killed right
// after it took the lock can be told from one that lives.
func TestWordNamesItsHolder(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	word := &lockObject(t, seg).Mutex().Word
	p := shmtest.Start(t, "count", seg.Path(), "1000000000")
	seen := map[uint32]int{}
	// Count what was seen to change, so that the two have run side by side, or have
	// been interrupted that often, before this is over.
	for changes, last := 0, uint32(0); changes < 1000; {
		w := atomic.LoadUint32(word)
		seen[w]++
		if w != last {
			changes, last = changes+1, w
		}
	}
	p.Kill()
	delete(seen, 0)
	if len(seen) > 1 {
		t.Errorf("one process locked, and the word had the values %#x", seen)
	}
	if err := m.Lock(); errors.Is(err, shsync.ErrOwnerDied) {
		must(t, m.MarkConsistent())
	} else {
		must(t, err)
	}
	must(t, m.Unlock())
}

// A word may name the slot of a live process and a generation of the past: the
// process that held the lock is dead, whoever has moved in since.
func TestStaleGeneration(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	word := &lockObject(t, seg).Mutex().Word
	p := start(t, m)
	ask(p, "lock", "<nil>")
	owner := atomic.LoadUint32(word)
	ask(p, "unlock", "<nil>")
	atomic.StoreUint32(word, layout.Owner(layout.OwnerSlot(owner), layout.OwnerGeneration(owner)+1))
	if ok, err := m.TryLock(); !ok || !errors.Is(err, shsync.ErrOwnerDied) {
		t.Fatalf("TryLock: %v, %v", ok, err)
	}
	must(t, m.MarkConsistent())
	must(t, m.Unlock())
	ask(p, "lock", "<nil>")
	ask(p, "unlock", "<nil>")
}

// The death word says that the keeper is gone; another thread may still be inside
// a system call that writes to the segment. Only the lock on its byte proves that
// the process is dead.
func TestDeathWordIsNoProof(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	o := lockObject(t, seg)
	p := start(t, m)
	ask(p, "lock", "<nil>")
	owner := atomic.LoadUint32(&o.Mutex().Word)
	death, _, ok := o.DeathWord(owner)
	if !ok {
		t.Skip("skipped: the kernel announces no deaths")
	}
	atomic.OrUint32(death, layout.DeathDied)
	if ok, err := m.TryLock(); ok || err != nil {
		t.Fatalf("TryLock while the holder still has its byte: %v, %v", ok, err)
	}
	ask(p, "unlock", "<nil>")
	must(t, m.Lock())
	must(t, m.Unlock())
}

// When all slots look used, a process moves into that of a dead one. First it
// cleans up under the old generation, by which the dead are known, then it raises
// it.
func TestSweepBeforeMovingIn(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	word := &lockObject(t, seg).Mutex().Word
	p := start(t, m)
	ask(p, "lock", "<nil>")
	slot := layout.OwnerSlot(atomic.LoadUint32(word))
	p.Kill()
	f, err := os.OpenFile(seg.Path(), os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	attached := binary.LittleEndian.AppendUint32(nil, layout.SlotAttached)
	for i := range uint32(layout.MaxSlots) {
		_, err := f.WriteAt(attached, int64(layout.ParticipantOff(i)))
		must(t, err)
	}
	q := shmtest.Start(t, "named", seg.Path())
	q.Line()
	if w := atomic.LoadUint32(word); w != layout.MutexOrphan {
		t.Errorf("word is %#x after somebody moved in, want an orphan", w)
	}
	info, err := seg.Info()
	must(t, err)
	for _, who := range info.Participants {
		if int(who.PID) == q.PID() && who.Slot != slot {
			t.Errorf("moved into slot %d, want that of the dead, %d", who.Slot, slot)
		}
	}
	if err := m.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
		t.Errorf("got %v", err)
	}
	must(t, m.MarkConsistent())
	must(t, m.Unlock())
}
