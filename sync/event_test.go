package sync_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// conformance: EV-02
func TestEventTells(t *testing.T) {
	e, err := shsync.NewEvent()
	must(t, err)
	if s := e.String(); s != "Event(not set)" {
		t.Error(s)
	}
	must(t, e.Set())
	if s, info := e.String(), e.Info(); s != "Event(set)" || !info.Set || info.Sets != 1 || info.Waiters {
		t.Error(s, info)
	}
	must(t, e.Clear())
	if info := e.Info(); info.Set || info.Sets != 1 {
		t.Error(info)
	}
	must(t, e.Close())
	if e.Info() != nil || e.String() != "Event(closed)" || e.IsSet() {
		t.Errorf("closed: %v", e)
	}
}

func TestEventNamed(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	e, err := shsync.NewEventIn(seg, "it")
	must(t, err)
	defer e.Close()
	_, exists := shsync.NewEventIn(seg, "it")
	_, absent := shsync.OpenEvent(seg, "none")
	_, typ := shsync.OpenMutex(seg, "it")
	if !errors.Is(exists, shm.ErrExists) || !errors.Is(absent, shm.ErrNotFound) || !errors.Is(typ, shm.ErrType) {
		t.Error(exists, absent, typ)
	}
	same, err := shsync.OpenEvent(seg, "it")
	must(t, err)
	defer same.Close()
	must(t, e.Set())
	must(t, same.Wait())
	info, err := seg.Info()
	must(t, err)
	if o := info.Objects[0]; o.Kind != "Event" || o.Sync != "set" {
		t.Errorf("%+v", o)
	}
}

func TestEventClosed(t *testing.T) {
	watchdog(t)
	e, err := shsync.NewEvent()
	must(t, err)
	text, err := e.MarshalText()
	must(t, err)
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if err := e.Wait(); !errors.Is(err, shsync.ErrClosed) {
				t.Errorf("waiter through a closed handle: %v", err)
			}
		})
	}
	asleep(40)
	must(t, e.Close())
	all.Wait()
	_, handle := e.Handle()
	_, binary := e.MarshalBinary()
	for what, err := range map[string]error{
		"Wait": e.Wait(), "WaitContext": e.WaitContext(context.Background()), "Set": e.Set(), "Clear": e.Clear(),
		"Close": e.Close(), "Handle": handle, "MarshalBinary": binary,
	} {
		if !errors.Is(err, shsync.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	if own, shared := park.Sleepers(); own+shared != 0 {
		t.Errorf("%d sleepers left", own+shared)
	}
	if err := new(shsync.Event).UnmarshalText(text); !errors.Is(err, shm.ErrGone) {
		t.Errorf("handle of a freed event: %v", err)
	}
}

// Ten thousand goroutines wait for one event.
func TestEventCrowd(t *testing.T) {
	watchdog(t)
	e, err := shsync.NewEvent()
	must(t, err)
	var all sync.WaitGroup
	for range 10000 {
		all.Go(func() { must(t, e.Wait()) })
	}
	asleep(10000)
	if n := threads(t); n >= 100 {
		t.Errorf("%d threads", n)
	}
	must(t, e.Set())
	all.Wait()
	must(t, e.Close())
}

// Nobody makes an event set that somebody waits for: Check tells.
func TestEventDamaged(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	e, err := shsync.NewEventIn(seg, "it")
	must(t, err)
	defer e.Close()
	o, err := seg.OpenObject("it", shm.Spec{Kind: shm.KindEvent})
	must(t, err)
	defer o.Close()
	word := &shm.Head[layout.Event](o, 0).Word
	for _, w := range []uint32{0, layout.EventIsSet | 3, layout.EventWaiters | 3} {
		*word = w
		if found, err := seg.Check(); err != nil || len(found) > 0 {
			t.Errorf("%#x: %v %v", w, found, err)
		}
	}
	*word = layout.EventIsSet | layout.EventWaiters
	if found, err := seg.Check(); err != nil || len(found) != 1 {
		t.Errorf("%#x: %v %v", *word, found, err)
	}
	must(t, e.Wait())
	must(t, e.Set())
}
