package shm_test

import (
	"errors"
	"os"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/sys"
	"shmkit/shm"
)

// Who comes while the last one removes a segment came too late, also if others are still
// there who have said farewell before that: the segment is not full.
func TestOpenBesideFarewell(t *testing.T) {
	seg, err := shm.Create("farewell")
	must(t, err)
	path := seg.Path()
	must(t, seg.Close())
	defer os.Remove(path)
	for _, n := range []int64{1, layout.MaxSlots} {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		must(t, err)
		defer f.Close()
		ok, err := sys.TryShare(int(f.Fd()), layout.LockSlots, n)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if _, err := shm.Open(path); !errors.Is(err, shm.ErrNotFound) {
		t.Errorf("open: %v, want ErrNotFound", err)
	}
}
