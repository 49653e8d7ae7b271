package host

import (
	"fmt"
	"strconv"
	"testing"

	"shmkit/internal/wire"
)

// performCond is of a Cond and its lock; that of a RecursiveMutex has the letter of the actor
// as its holder.
func performCond(s *script, who string, args []string) (wire.Method, []byte, func(r *wire.Reader) string) {
	n := int64(1)
	if len(args) > 1 {
		n, _ = strconv.ParseInt(args[1], 10, 64)
	}
	switch args[0] {
	case "wait":
		return wire.CondWait, nil, func(r *wire.Reader) string {
			why := []string{"ok", "cancelled", "timed out", "released"}[r.Byte()]
			if r.Bool() {
				return why + ", died"
			}
			return why
		}
	case "notify":
		return wire.CondNotify, wire.AppendInt(nil, n), nil
	case "state":
		return wire.CondInfo, nil, func(r *wire.Reader) string {
			_, _, waiting, notified := r.Uint(), r.Byte(), r.Uint(), r.Uint()
			return fmt.Sprintf("waiting=%d notified=%d", waiting, notified)
		}
	case "owner":
		args = []string{"state"}
	}
	if s.h.objects[s.lockOf()].kind == wire.TypeRecursiveMutex {
		return performRecursive(s, who, args)
	}
	return performMutex(s, who, args)
}

func TestCond(t *testing.T) {
	for name, steps := range map[string][]step{
		"wait, notify, and the lock again": {
			{"1a", "wait", "not held"}, {"1a", "notify", "not held"}, {"1a", "lock", "ok"}, {"1a", "notify -1", "count"},
			{"1a", "wait", waits}, {"2a", "lock", "ok"}, {"2a", "notify", "ok"}, {"2b", "state", "waiting=0 notified=1"}, {"1a", "ends", waits},
			{"2a", "unlock", "ok"}, {"1a", "ends", "ok"}, {"2a", "unlock", "not held"}, {"1a", "unlock", "ok"},
		},
		"in order, and only as many": {
			{"1a", "lock", "ok"}, {"1a", "wait", waits}, {"2a", "lock", "ok"}, {"2a", "wait", waits}, {"3a", "lock", "ok"}, {"3a", "wait", waits},
			{"4a", "lock", "ok"}, {"4a", "notify 2", "ok"}, {"4a", "unlock", "ok"},
			{"1a", "ends", "ok"}, {"2a", "ends", waits}, {"1a", "unlock", "ok"}, {"2a", "ends", "ok"}, {"2a", "unlock", "ok"},
			{"3a", "ends", waits}, {"4a", "lock", "ok"}, {"4a", "notify 99", "ok"}, {"4a", "notify 0", "ok"}, {"4a", "unlock", "ok"}, {"3a", "ends", "ok"},
		},
		"who gives up has the lock again": {
			{"1a", "lock", "ok"}, {"1a", "wait", waits}, {"1a", "cancel", "cancelled"}, {"2a", "lock", waits}, {"1a", "unlock", "ok"}, {"2a", "ends", "ok"},
			{"2a", "wait", waits}, {"1a", "lock", "ok"}, {"2a", "timeout", waits}, {"2a", "cancel", waits}, {"1a", "notify", "ok"},
			{"1a", "unlock", "ok"}, {"2a", "ends", "timed out"}, {"2a", "unlock", "ok"},
		},
		"who gives up after it was notified was notified": {
			{"1a", "lock", "ok"}, {"1a", "wait", waits}, {"2a", "lock", "ok"}, {"2a", "notify", "ok"}, {"1a", "cancel", waits},
			{"2a", "unlock", "ok"}, {"1a", "ends", "ok"},
		},
		"a notification of who dies goes on, to sessions that live": {
			{"1a", "lock", "ok"}, {"1a", "wait", waits}, {"1b", "lock", "ok"}, {"1b", "wait", waits}, {"2a", "lock", "ok"}, {"2a", "wait", waits},
			{"3a", "lock", "ok"}, {"3a", "wait", waits}, {"4a", "lock", "ok"}, {"4a", "notify", "ok"}, {"1a", "expire", ""},
			{"4a", "state", "waiting=1 notified=1"}, {"4b", "unlock", "ok"}, {"2a", "ends", "ok"}, {"2a", "unlock", "ok"}, {"3a", "ends", waits},
		},
		"what is passed on while the lock is free is granted": {
			{"1a", "lock", "ok"}, {"1a", "wait", waits}, {"2a", "lock", "ok"}, {"2a", "wait", waits},
			{"3a", "lock", "ok"}, {"3a", "notify", "ok"}, {"3a", "unlock!", "ok"}, {"1a", "expire!", ""}, {"", "grant", ""}, {"2a", "ends", "ok"},
		},
		"a waiter that dies is forgotten": {
			{"1a", "lock", "ok"}, {"1a", "wait", waits}, {"2a", "lock", "ok"}, {"2a", "wait", waits}, {"1a", "expire", ""},
			{"3a", "lock", "ok"}, {"3a", "notify", "ok"}, {"3a", "unlock", "ok"}, {"2a", "ends", "ok"},
		},
		"a notifier that dies is told to who was notified": {
			{"1a", "lock", "ok"}, {"1a", "wait", waits}, {"2a", "lock", "ok"}, {"2a", "wait", waits}, {"3a", "lock", "ok"}, {"3a", "notify", "ok"}, {"3a", "expire", ""},
			{"1a", "ends", "ok, died"}, {"1b", "mark", "ok"}, {"1b", "notify", "ok"}, {"1b", "unlock", "ok"}, {"2a", "ends", "ok"},
		},
		"a warning goes on through a wait": {
			{"1a", "lock", "ok"}, {"1a", "expire", ""}, {"2a", "lock", "died"}, {"2a", "wait", waits}, {"3a", "lock", "died"}, {"3a", "notify", "ok"},
			{"3a", "mark", "ok"}, {"3a", "unlock", "ok"}, {"2a", "ends", "ok"},
		},
		"a lock that is lost ends those who were notified, and who comes after them": {
			{"1a", "lock", "ok"}, {"1a", "wait", waits}, {"2a", "lock", "ok"}, {"2a", "wait", waits}, {"3a", "lock", "ok"}, {"3a", "expire", ""},
			{"4a", "lock", "died"}, {"4a", "notify", "ok"}, {"4a", "unlock", "ok"}, {"1a", "ends", "lost"}, {"2a", "ends", "lost"},
		},
		"the last reference ends waits, with the lock": {
			{"1a", "lock", "ok"}, {"1a", "wait", waits}, {"2a", "lock", "ok"}, {"1a", "close", waits}, {"2a", "unlock", "ok"}, {"1a", "ends", "released"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, 4, performCond)
			s.on(wire.TypeCond, wire.AppendUint(nil, s.on(wire.TypeMutex, nil).object)).play(steps...)
		})
	}
}

// All levels are given back and come again, to the same holder.
func TestCondOfRecursiveMutex(t *testing.T) {
	s := newScript(t, 3, performCond)
	s.on(wire.TypeCond, wire.AppendUint(nil, s.on(wire.TypeRecursiveMutex, nil).object)).play(
		step{"1b", "lock", "ok"}, step{"1b", "lock", "ok"}, step{"1b", "lock", "ok"}, step{"1b", "wait", waits},
		step{"2a", "lock", "ok"}, step{"2a", "lock", "ok"}, step{"2a", "notify", "ok"}, step{"2a", "unlock", "ok"}, step{"1b", "ends", waits},
		step{"2a", "unlock", "ok"}, step{"1b", "ends", "ok"}, step{"3a", "owner", "1/2×3 died=false lost=false waiting=0"},
		step{"1b", "wait", waits}, step{"1b", "timeout", "timed out"}, step{"3a", "owner", "1/2×3 died=false lost=false waiting=0"},
		step{"1b", "expire", ""}, step{"3a", "lock", "died"},
	)
}

// A Cond keeps its lock, and goes with its last reference.
func TestCondKeepsItsLock(t *testing.T) {
	s := newScript(t, 1, performCond)
	lock := s.on(wire.TypeMutex, nil).object
	s.on(wire.TypeCond, wire.AppendUint(nil, lock))
	s.apply(wire.Frame{Kind: wire.Request, Method: wire.Release, Session: 1, Body: wire.AppendUint(nil, lock)})
	s.play(step{"1a", "lock", "ok"}, step{"1a", "wait", waits}, step{"1a", "close", "released"}, step{"1a", "expire", ""})
	if n := s.h.Len(); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}

func TestCondsThatCannotBe(t *testing.T) {
	s := newScript(t, 1, nil)
	event := s.on(wire.TypeEvent, nil).object
	for name, row := range map[string]struct {
		args []byte
		want string
	}{
		"no lock": {nil, "body"}, "gone": {wire.AppendUint(nil, 99), "no object"}, "no lock at all": {wire.AppendUint(nil, event), "type"},
	} {
		if _, code := s.create(wire.TypeCond, row.args); code != row.want {
			t.Errorf("%s: %q, want %q", name, code, row.want)
		}
	}
}
