package sync_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// Offsets in the header, and in the record of an object.
const (
	headerPages                         = 264
	objectSize, objectCount, objectItem = 48, 56, 64
	objectOwnerCount                    = 84
)

// record writes the number of items into the record of the object of v, and the size of
// the payload that goes with it, and gives how to undo that.
func (v *victim) record(count uint64, sizeToo bool) (undo func()) {
	v.t.Helper()
	f, err := os.OpenFile(v.seg.Path(), os.O_RDWR, 0)
	must(v.t, err)
	b := make([]byte, layout.ObjectSize)
	_, err = f.ReadAt(b[:8], headerPages)
	must(v.t, err)
	index, _ := v.object.Place()
	at := int64(binary.LittleEndian.Uint64(b)) + int64(index)*layout.ObjectSize
	_, err = f.ReadAt(b, at)
	must(v.t, err)
	was := append([]byte(nil), b...)
	binary.LittleEndian.PutUint64(b[objectCount:], count)
	binary.LittleEndian.PutUint32(b[objectOwnerCount:], uint32(count))
	if sizeToo {
		binary.LittleEndian.PutUint64(b[objectSize:], uint64(v.k.head)+count*uint64(binary.LittleEndian.Uint32(b[objectItem:])))
	}
	write := func(b []byte) {
		_, err := f.WriteAt(b[objectSize:objectOwnerCount+4], at+objectSize)
		must(v.t, err)
	}
	write(b)
	return func() { write(was); must(v.t, f.Close()) }
}

// The record says that there are more or fewer items than the kind has, or than there
// were when the handle was opened.
func TestHostileCount(t *testing.T) {
	shmtest.Need("lock")
	eachHostileKind(t, func(t *testing.T, kind string) {
		c := newCrime(t, kind, true)
		for _, count := range []uint64{0, 1, 2, 4, 6, 1023, 1024, 1025, 1983, 1 << 20, 1 << 21, 1 << 40, 1<<64 - 1} {
			v := c.victim()
			undo := v.record(count, false)
			v.text = " its record under an open handle"
			v.use(v.handle)
			late, err := v.k.open(v.seg, "it")
			v.ended("Open", err)
			if err == nil {
				v.use(late)
				v.ended("Close", late.Close())
			}
			undo()
			v.end()

			v = c.victim()
			must(t, v.handle.Close())
			must(t, v.object.Close())
			undo = v.record(count, true)
			v.text = " its record"
			late, err = v.k.open(v.seg, "it")
			v.ended("Open", err)
			if err == nil && count < 1<<20 {
				// More would be the bytes of others, which who writes a record can write too.
				if count <= v.object.Spec().Count {
					v.use(late)
				}
				v.ended("Close", late.Close())
			}
			if _, err := v.seg.Check(); err != nil {
				t.Errorf("Check: %v", err)
			}
			undo()
			v.object, err = v.seg.OpenObject("it", shsync.Specs[kind])
			must(t, err)
			v.handle, err = v.k.open(v.seg, "it")
			must(t, err)
			v.others()
			v.end()
		}
	})
}

// The last waiter of a condition is dead when its record says that there are fewer cells.
func TestHostileCondCount(t *testing.T) {
	watchdog(t)
	v := newCrime(t, "Cond", false).victim()
	v.poke(4, 5) // High
	v.poke(v.k.head+4*8, uint32(layout.CondAsleep))
	v.poke(v.k.head+4*8+4, layout.Owner(7, 3))
	undo := v.record(2, false)
	v.use(v.handle)
	undo()
	v.others()
	v.end()
}

// What is impossible and matters is told, with the name of the field.
func TestHostileTold(t *testing.T) {
	const mutexWord = layout.MutexDied | 3<<20 // generation 0, and neither orphan nor unusable
	for _, tt := range []struct {
		kind  string
		off   int
		value uint32
		call  string
		field string
	}{
		{"Mutex", 0, mutexWord, "LockContext", "mutex.Word"},
		{"Mutex", 0, 5 << 20, "TryLock", "mutex.Word"},
		{"RecursiveMutex", 0, mutexWord, "LockContext", "mutex.Word"},
		{"RWMutex", 0, mutexWord, "RLockContext", "rwmutex.Word"},
		{"RWMutex", 0, mutexWord, "TryRLock", "rwmutex.Word"},
		{"RWMutex", 0, mutexWord, "LockContext", "mutex.Word"},
		{"Once", 0, mutexWord, "DoContext", "mutex.Word"},
		{"Once", 64, 2, "DoContext", "once.Done"},
		{"Once", 64, 1 << 31, "TryDo", "once.Done"},
		{"Semaphore", 4, 1 << 30, "Open", "semaphore.Bound"},
		{"Permits", 128, 5 << 20, "AcquireContext, once more", "permits.cell"},
		{"Cond", 12, 1 << 30, "Open", "cond.LockIndex"},
		{"Cond", 20, 4, "Open", "cond.LockKind"},
		{"Cond", 20, 1 << 16, "Open", "cond.LockKind"},
		{"Barrier", 0, 2, "WaitContext", "barrier.Word"},
		{"Barrier", 0, 3 << 29, "WaitAction", "barrier.Word"},
		{"Barrier", 8, 1 << 16, "Open", "barrier.Parties"},
		{"Barrier", 20, 1 << 31, "Open", "barrier.TimeoutNS"},
	} {
		t.Run(tt.kind+" "+tt.field+" "+tt.call, func(t *testing.T) {
			watchdog(t)
			v := newCrime(t, tt.kind, false).victim()
			if tt.kind == "Permits" { // the others are taken
				for off := 132; off < v.size(); off += 4 {
					v.poke(off, v.object.Self())
				}
			}
			v.poke(tt.off, tt.value)
			h, err := v.k.open(v.seg, "it")
			if err == nil {
				v.k.calls(h, func(call string, f func(context.Context) error) {
					if call == tt.call {
						ctx, cancel := context.WithTimeout(context.Background(), 0)
						err = f(ctx)
						cancel()
					}
				})
				must(t, h.Close())
			}
			var corrupt *shm.CorruptError
			if !errors.As(err, &corrupt) || corrupt.Field != tt.field {
				t.Errorf("%v, want a CorruptError of %s", err, tt.field)
			}
			v.end()
		})
	}
}
