package sync_test

import (
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// condInMemory is a Cond, its lock, and its object as memory.
func condInMemory(t *testing.T) (*shsync.Mutex, *shsync.Cond, *shm.Object) {
	t.Helper()
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	m, err := shsync.NewMutexIn(seg, "lock")
	must(t, err)
	c, err := shsync.NewCondIn(seg, "it", m)
	must(t, err)
	o, err := seg.OpenObject("it", shsync.Specs["Cond"])
	must(t, err)
	t.Cleanup(func() { o.Close(); c.Close(); m.Close(); must(t, seg.Close()) })
	return m, c, o
}

// A cell that is somebody else's all of a sudden is damage, and no notification.
func TestCondDamaged(t *testing.T) {
	watchdog(t)
	m, c, o := condInMemory(t)
	cell := &shm.Items[uint64](o)[0]
	for _, damage := range []uint64{layout.CondFree, layout.CondCell(layout.CondAsleep, 1<<31, 0)} {
		must(t, m.Lock())
		ended := make(chan error)
		go func() { ended <- c.Wait() }()
		for atomic.LoadUint64(cell)&layout.CondStateMask != layout.CondAsleep {
			time.Sleep(100 * time.Microsecond)
		}
		atomic.StoreUint64(cell, damage)
		if err := <-ended; !errors.Is(err, shm.ErrCorrupt) {
			t.Errorf("cell %#x: %v", damage, err)
		}
		must(t, m.Unlock())
		atomic.StoreUint64(cell, layout.CondFree)
	}
}

// A sweep that was killed between making a notification ownerless and saying so: the
// next one says so, so that whoever leaves passes it on.
func TestCondLeftIsTold(t *testing.T) {
	_, _, o := condInMemory(t)
	head, cells := shm.Head[layout.Cond](o, 0), shm.Items[uint64](o)
	head.High, head.Ticket = 2, 2
	cells[0] = layout.CondCell(layout.CondLooking, o.Self(), 1)
	cells[1] = layout.CondCell(layout.CondNotified, 0, 2)
	o.PassOn()
	if head.Left == 0 {
		t.Error("nobody would look for the notification")
	}
	cells[0] = layout.CondFree
	o.PassOn()
	if head.Left != 0 || cells[1] != layout.CondFree {
		t.Errorf("Left = %d, cell %#x: it is for nobody", head.Left, cells[1])
	}
}
