package sync_test

import (
	"errors"
	"path/filepath"
	"testing"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// An object with cells for fewer slots than there are is damaged.
func TestTooFewCells(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	for name, open := range map[string]struct {
		spec shm.Spec
		as   func() error
	}{
		"RWMutex":   {shm.RWMutexSpec(), func() error { _, err := shsync.OpenRWMutex(seg, "RWMutex"); return err }},
		"Barrier":   {shsync.Specs["Barrier"], func() error { _, err := shsync.OpenBarrier(seg, "Barrier"); return err }},
		"WaitGroup": {shsync.Specs["WaitGroup"], func() error { _, err := shsync.OpenWaitGroup(seg, "WaitGroup"); return err }},
	} {
		open.spec.Count = 1
		o, err := seg.NewObject(name, open.spec, nil)
		must(t, err)
		must(t, o.Close())
		if err := open.as(); !errors.Is(err, shm.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
