package sync_test

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// Slots whose generation wraps around, and a count of take-overs that does: the
// holder is killed, and the next one told, in each generation around the end.
func TestMutexCountersWrap(t *testing.T) {
	watchdog(t)
	path := filepath.Join(t.TempDir(), "seg")
	seg, err := shm.Create(path)
	must(t, err)
	m, err := shsync.NewMutexIn(seg, "lock")
	must(t, err)
	takeovers := m.Info().Takeovers
	must(t, m.Close())
	must(t, seg.Close())
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	for slot := range uint32(4) {
		at := int64(layout.ParticipantOff(slot)) + int64(unsafe.Offsetof(layout.Participant{}.Generation))
		_, err = f.WriteAt(binary.LittleEndian.AppendUint32(nil, layout.GenerationMask-2), at)
		must(t, err)
	}
	must(t, f.Close())
	var seen []uint32
	for round := range 6 {
		p := shmtest.Start(t, "named", path)
		p.Line()
		p.Send("lock")
		p.Expect("<nil>")
		seg, err := shm.Open(path)
		must(t, err)
		m, err := shsync.OpenMutex(seg, "lock")
		must(t, err)
		if round == 0 {
			setTakeovers(t, seg, m)
		}
		if ok, err := m.TryLock(); ok || err != nil {
			t.Errorf("round %d: TryLock of a held lock: %v %v", round, ok, err)
		}
		seen = append(seen, m.Info().OwnerSlot)
		got := make(chan error)
		go func() { got <- m.Lock() }()
		asleep(1)
		p.Kill()
		if err := <-got; !errors.Is(err, shsync.ErrOwnerDied) {
			t.Fatalf("round %d: %v", round, err)
		}
		must(t, m.MarkConsistent())
		must(t, m.Unlock())
		if n := m.Info().Takeovers; n != uint64(math.MaxUint64-2)+uint64(round)+1 {
			t.Errorf("round %d: %d take-overs", round, n)
		}
		found, err := seg.Check()
		if err != nil || len(found) > 0 {
			t.Errorf("Check: %v %v", found, err)
		}
		must(t, m.Close())
		must(t, seg.Close())
	}
	t.Logf("slots of the killed: %v; take-overs at the start: %d", seen, takeovers)
}

// setTakeovers lets the count of m start near its end.
func setTakeovers(t *testing.T, seg *shm.Segment, m *shsync.Mutex) {
	t.Helper()
	o, err := seg.OpenObject("lock", shm.Spec{Kind: shm.KindMutex, Mutex: true})
	must(t, err)
	o.Mutex().Takeovers = math.MaxUint64 - 2
	must(t, o.Close())
}
