package shm_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
)

// Offsets in an object record.
const (
	objectOwnerCount = 84
)

// scene is a segment that a test may damage. It is closed and removed at the end.
func scene(t *testing.T, name string) *shm.Segment {
	t.Helper()
	seg, err := shm.Create(name)
	must(t, err)
	t.Cleanup(func() {
		seg.Close()
		must(t, shm.Remove(name))
	})
	return seg
}

// An object that this process has open turns into another generation. Opening its
// name ends, though the name leads to an object that never fits.
func TestDamagedGeneration(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := scene(t, "generation")
	o, err := seg.NewObject("name", bytesSpec(10), nil)
	must(t, err)
	h, err := o.Handle()
	must(t, err)
	poke(t, seg, recordAt(t, seg, h.Index)+objectState, layout.ObjectState(layout.ObjectReady|layout.ObjectNamed, 0, h.Generation+1))
	if _, err := seg.OpenObject("name", bytesSpec(0)); !errors.Is(err, shm.ErrCorrupt) {
		t.Errorf("OpenObject: %v, want ErrCorrupt", err)
	}
	must(t, o.Close())
}

// A record that claims four billion locks at one place costs no more than one.
func TestDamagedOwnerCount(t *testing.T) {
	shmtest.Watchdog(t, 20*time.Second)
	seg := scene(t, "owners")
	o, err := seg.NewObject("lock", shm.Spec{Kind: shm.KindMutex, Mutex: true}, nil)
	must(t, err)
	h, err := o.Handle()
	must(t, err)
	record := recordAt(t, seg, h.Index)
	if n := peek(t, seg, record+objectOwnerCount); n != 1|64<<32 {
		t.Fatalf("OwnerCount and OwnerStride = %#x", n)
	}
	poke(t, seg, record+objectOwnerCount, 1<<32-1) // and OwnerStride = 0
	must(t, o.Close())
}

// With a directory page that leads nowhere an object cannot be made. Nothing is
// added to the segment in the attempt.
func TestDamagedPage(t *testing.T) {
	seg := scene(t, "page")
	info, err := os.Stat(seg.Path())
	must(t, err)
	poke(t, seg, headerPages, 1<<60)
	if _, err := seg.NewObject("", bytesSpec(10), nil); !errors.Is(err, shm.ErrCorrupt) {
		t.Errorf("NewObject: %v, want ErrCorrupt", err)
	}
	after, err := os.Stat(seg.Path())
	must(t, err)
	if after.Size() != info.Size() {
		t.Errorf("the file grew from %d to %d bytes", info.Size(), after.Size())
	}
}

// Only a segment that is not there makes a handle one of something that is gone.
func TestHandleThatCannotBeOpened(t *testing.T) {
	seg := scene(t, "there")
	o, err := seg.NewObject("", bytesSpec(10), nil)
	must(t, err)
	h, err := o.Handle()
	must(t, err)
	must(t, o.Close())
	h.Segment[0] ^= 1
	h.Path = filepath.Join(t.TempDir(), "text")
	must(t, os.WriteFile(h.Path, make([]byte, 1<<20), 0o600))
	if _, err := shm.OpenHandle(h, bytesSpec(0)); !errors.Is(err, shm.ErrMagic) || errors.Is(err, shm.ErrGone) {
		t.Errorf("a handle that leads to a file that is no segment: %v", err)
	}
	h.Path = filepath.Join(t.TempDir(), "nothing")
	if _, err := shm.OpenHandle(h, bytesSpec(0)); !errors.Is(err, shm.ErrGone) {
		t.Errorf("a handle that leads nowhere: %v", err)
	}
}

// A handle of an object in a segment that this process has left is not made.
func TestHandleAfterClose(t *testing.T) {
	seg, err := shm.Create("left")
	must(t, err)
	o, err := seg.NewObject("", bytesSpec(10), nil)
	must(t, err)
	must(t, o.Close())
	must(t, seg.Close())
	if _, err := o.Handle(); !errors.Is(err, shm.ErrClosed) {
		t.Errorf("Handle after Close: %v", err)
	}
	must(t, shm.Remove("left"))
}
