package shm_test

import (
	"os"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
	"shmkit/shm"
)

// participants are attached to a segment, or died and were not swept.
func participants(t *testing.T, seg *shm.Segment) []shm.ParticipantInfo {
	t.Helper()
	info, err := seg.Info()
	must(t, err)
	return info.Participants
}

// The dead keep nothing, though nobody attaches and nobody wants what they have. While
// something of them has their place, that remains.
func TestSweepDead(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	must(t, shm.CloseDefault())
	seg, err := shm.Default()
	must(t, err)
	defer shm.CloseDefault()
	o, err := seg.NewObject("", bytesSpec(6), nil)
	must(t, err)
	dies, lives := shmtest.Start(t, "exit", handleText(t, o)), shmtest.Start(t, "exit", handleText(t, o))
	dies.Expect("open")
	lives.Expect("open")
	must(t, o.Close())
	if shm.SweepDead(); len(participants(t, seg)) != 3 {
		t.Errorf("the living were swept: %+v", participants(t, seg))
	}
	dies.Kill()
	keep, err := sys.OpenFile(seg.Path(), true) // as a child of it that was not born yet
	must(t, err)
	defer keep.Close()
	for _, p := range participants(t, seg) {
		if int(p.PID) == dies.PID() {
			must(t, sys.Lock(int(keep.Fd()), layout.LockSlots+int64(p.Slot), 1))
		}
	}
	if !shm.SweepDead() || len(participants(t, seg)) != 3 {
		t.Errorf("nothing remains: %+v", participants(t, seg))
	}
	must(t, keep.Close())
	if shm.SweepDead() || len(participants(t, seg)) != 2 {
		t.Errorf("it remains: %+v", participants(t, seg))
	}
	lives.Kill()
	shm.SweepKilled()
	info, err := seg.Info()
	must(t, err)
	if len(info.Participants) != 1 || len(info.Objects) != 0 {
		t.Errorf("the dead keep %+v, %+v", info.Participants, info.Objects)
	}
	sound(t, seg)
}

// A process leaves a segment while a goroutine of it sweeps that: the file is gone when it
// has left.
func TestLeaveDuringSweep(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	must(t, shm.CloseDefault())
	for range 10 {
		seg, err := shm.Default()
		must(t, err)
		o, err := seg.NewObject("", bytesSpec(6), nil)
		must(t, err)
		p := shmtest.Start(t, "exit", handleText(t, o))
		p.Expect("open")
		p.Kill()
		begun, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			shm.SweepDead()
			close(begun)
			for {
				select {
				case <-end:
					return
				default:
					shm.SweepDead()
				}
			}
		}()
		<-begun
		must(t, o.Close())
		must(t, shm.CloseDefault())
		if _, err := os.Stat(seg.Path()); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", seg.Path(), err)
		}
		close(end)
		<-ended
	}
}
