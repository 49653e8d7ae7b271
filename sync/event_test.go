package sync_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	performers["event"] = performer{
		make: func(seg *shm.Segment, name string) (shared, error) { return shsync.NewEventIn(seg, name) },
		open: openEvent,
		inC:  true,
	}
}

func openEvent(text string) (closer, func(args []string) string, error) {
	e := new(shsync.Event)
	err := e.UnmarshalText([]byte(text))
	return e, func(args []string) string {
		switch args[0] {
		case "wait":
			ctx, cancel := limit(args, 1)
			defer cancel()
			return outcome(e.WaitContext(ctx))
		case "set":
			return outcome(e.Set())
		case "clear":
			return outcome(e.Clear())
		case "pulse":
			return outcome(errors.Join(e.Set(), e.Clear()))
		case "isset":
			return map[bool]string{true: "true", false: "false"}[e.IsSet()]
		}
		return "what?"
	}, err
}

// conformance: EV-01
func TestEventBasics(t *testing.T) {
	everywhere(t, "event", 2, func(s *stage) {
		s.play(
			step{0, "isset", "false"},
			step{1, "isset", "false"},
			step{0, "wait 0", "timeout"},
			step{1, "wait 20", "timeout"},
			step{0, "set", "ok"},
			step{1, "isset", "true"},
			step{0, "wait", "ok"},
			step{1, "wait 0", "ok"},
			step{1, "set", "ok"},
			step{1, "clear", "ok"},
			step{0, "isset", "false"},
			step{1, "clear", "ok"},
			step{0, "wait 20", "timeout"},
			step{0, "wait", sleeps},
			step{1, "set", "ok"},
			step{0, ends, "ok"},
			step{0, "clear", "ok"},
			step{1, "wait", sleeps},
			step{0, "set", "ok"},
			step{1, ends, "ok"},
		)
	})
}

// conformance: EV-03
func TestEventWakesAll(t *testing.T) {
	everywhere(t, "event", 6, func(s *stage) {
		for range 2 {
			for _, a := range s.actors[1:] {
				a.block("wait")
			}
			s.actors[0].do("set", "ok")
			for _, a := range s.actors[1:] {
				a.answers("ok")
				a.do("wait", "ok")
			}
			s.actors[0].do("clear", "ok")
		}
	})
}

// An event that is set and cleared at once has been set for all who waited.
//
// conformance: EV-05
func TestEventPulse(t *testing.T) {
	everywhere(t, "event", 6, func(s *stage) {
		for range 20 {
			for _, a := range s.actors[1:] {
				a.block("wait")
			}
			s.actors[0].do("pulse", "ok")
			if got := gather(s.actors[1:]...); slices.Index(got, "ok") != 0 || got[len(got)-1] != "ok" {
				t.Fatalf("after set and clear: %v", got)
			}
			s.actors[0].do("isset", "false")
		}
	})
}

// A killed waiter disturbs nobody, nor does one who is killed after it has set.
func TestEventDeaths(t *testing.T) {
	withDeaths(t, "event", 4, func(s *stage) {
		s.play(
			step{1, "wait", sleeps},
			step{2, "wait", sleeps},
			step{3, "wait", sleeps},
			step{1, dies, ""},
			step{0, "set", "ok"},
			step{2, ends, "ok"},
			step{3, ends, "ok"},
			step{2, "clear", "ok"},
			step{3, "wait", sleeps},
			step{2, "set", "ok"},
			step{2, dies, ""},
			step{3, ends, "ok"},
			step{0, "isset", "true"},
		)
	})
}

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
