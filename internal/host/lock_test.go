package host

import (
	"testing"

	"shmkit/internal/wire"
)

// died is the answer of a Lock.
func died(r *wire.Reader) string {
	if r.Bool() {
		return "died"
	}
	return "ok"
}

func lockState(r *wire.Reader) string {
	i := r.LockInfo()
	return said("%d/%d×%d died=%v lost=%v waiting=%d", func(*wire.Reader) []any {
		return []any{i.Session, i.Holder, i.Levels, i.Died, i.Lost, i.Waiting}
	})(r)
}

func performMutex(_ *script, _ string, args []string) (wire.Method, []byte, func(r *wire.Reader) string) {
	switch args[0] {
	case "lock":
		return wire.MutexLock, nil, died
	case "unlock":
		return wire.MutexUnlock, nil, nil
	case "abandon":
		return wire.MutexAbandon, nil, nil
	case "mark":
		return wire.MutexMark, nil, nil
	case "junk":
		return wire.MutexUnlock, []byte{1}, nil
	}
	return wire.MutexInfo, nil, lockState
}

// The holder of an actor is its letter.
func performRecursive(_ *script, who string, args []string) (wire.Method, []byte, func(r *wire.Reader) string) {
	holder := wire.AppendUint(nil, uint64(who[1]-'a'+1))
	switch args[0] {
	case "lock":
		return wire.RecursiveLock, holder, died
	case "nobody":
		return wire.RecursiveLock, wire.AppendUint(nil, 0), died
	case "unlock":
		return wire.RecursiveUnlock, holder, nil
	case "abandon":
		return wire.RecursiveAbandon, holder, nil
	case "mark":
		return wire.RecursiveMark, holder, nil
	}
	return wire.RecursiveInfo, nil, lockState
}

func TestMutex(t *testing.T) {
	for name, steps := range map[string][]step{
		"one after the other": {
			{"1a", "lock", "ok"}, {"2a", "lock", waits}, {"3a", "lock", waits}, {"1b", "lock", waits},
			{"2b", "unlock", "not held"}, {"2b", "state", "1/0×1 died=false lost=false waiting=3"},
			{"1c", "unlock", "ok"}, {"2a", "ends", "ok"}, {"3a", "ends", waits},
			{"2b", "unlock", "ok"}, {"3a", "ends", "ok"}, {"3b", "unlock", "ok"}, {"1b", "ends", "ok"}, {"1b", "unlock", "ok"},
			{"1b", "unlock", "not held"}, {"1b", "state", "0/0×0 died=false lost=false waiting=0"},
		},
		"who comes before the Grant stands behind": {
			{"1a", "lock", "ok"}, {"2a", "lock", waits}, {"1a", "unlock!", "ok"}, {"3a", "lock!", waits}, {"", "grant", ""},
			{"2a", "ends", "ok"}, {"3a", "ends", waits}, {"2a", "unlock", "ok"}, {"3a", "ends", "ok"},
		},
		"who waits may give up, before and after the unlock": {
			{"1a", "lock", "ok"}, {"2a", "lock", waits}, {"3a", "lock", waits}, {"2a", "cancel", "cancelled"}, {"3a", "timeout", "timed out"},
			{"2a", "lock", waits}, {"3a", "lock", waits}, {"1a", "unlock!", "ok"}, {"2a", "timeout!", "timed out"}, {"", "grant", ""},
			{"3a", "ends", "ok"}, {"3a", "cancel", "ok"}, {"3a", "state", "3/0×1 died=false lost=false waiting=0"},
		},
		"a death is told, to the next one too, until it is repaired": {
			{"1a", "lock", "ok"}, {"2a", "lock", waits}, {"3a", "lock", waits}, {"1a", "expire", ""},
			{"2a", "ends", "died"}, {"2b", "state", "2/0×1 died=true lost=false waiting=1"}, {"2a", "expire", ""},
			{"3a", "ends", "died"}, {"3a", "mark", "ok"}, {"3a", "mark", "consistent"}, {"3a", "unlock", "ok"}, {"3a", "lock", "ok"},
		},
		"a free lock tells of a death as well": {
			{"1a", "lock", "ok"}, {"1a", "expire", ""}, {"2a", "state", "0/0×0 died=true lost=false waiting=0"},
			{"2a", "lock", "died"}, {"3a", "mark", "not held"}, {"2a", "mark", "ok"}, {"2a", "unlock", "ok"}, {"3a", "lock", "ok"},
		},
		"unlocked without a repair it is lost": {
			{"1a", "lock", "ok"}, {"1a", "expire", ""}, {"2a", "lock", "died"}, {"3a", "lock", waits}, {"2b", "lock", waits},
			{"2a", "unlock", "ok"}, {"3a", "ends", "lost"}, {"2b", "ends", "lost"}, {"3a", "lock", "lost"}, {"2a", "unlock", "not held"},
		},
		"abandoned it goes on with the warning": {
			{"1a", "lock", "ok"}, {"1a", "expire", ""}, {"2a", "lock", "died"}, {"3a", "lock", waits},
			{"2a", "abandon", "ok"}, {"3a", "ends", "died"}, {"3a", "mark", "ok"}, {"3a", "unlock", "ok"}, {"2a", "lock", "ok"},
		},
		"a waiter that dies disturbs nobody, before and after the unlock": {
			{"1a", "lock", "ok"}, {"2a", "lock", waits}, {"3a", "lock", waits}, {"2a", "expire", ""},
			{"1a", "unlock!", "ok"}, {"3a", "expire!", ""}, {"1b", "lock!", "ok"}, {"", "grant", ""}, {"1b", "unlock", "ok"},
		},
		"the last handle that is closed is as a death": {
			{"1a", "lock", "ok"}, {"1b", "lock", waits}, {"2a", "lock", waits}, {"1a", "close", ""},
			{"1b", "ends", "released"}, {"2a", "ends", "died"},
		},
		"a handle that is forgotten leaves the lock as it is": {
			{"1a", "lock", "ok"}, {"2a", "lock", waits}, {"1a", "forget", ""}, {"2a", "ends", waits}, {"1a", "unlock", "ok"}, {"2a", "ends", "ok"},
		},
		"goodbye with the lock is as a death": {
			{"1a", "lock", "ok"}, {"2a", "lock", waits}, {"1b", "lock", waits}, {"1a", "goodbye", ""}, {"2a", "ends", "died"},
		},
		"a bad call changes nothing": {
			{"1a", "lock", "ok"}, {"1a", "junk", "body"}, {"1a", "state", "1/0×1 died=false lost=false waiting=0"}, {"1a", "unlock", "ok"},
		},
	} {
		t.Run(name, func(t *testing.T) { newScript(t, 3, performMutex).on(wire.TypeMutex, nil).play(steps...) })
	}
}

func TestRecursiveMutex(t *testing.T) {
	for name, steps := range map[string][]step{
		"levels are of one holder": {
			{"1a", "nobody", "argument"}, {"1a", "lock", "ok"}, {"1a", "lock", "ok"}, {"1b", "lock", waits}, {"2a", "lock", waits},
			{"1b", "cancel", "cancelled"}, {"1b", "unlock", "not held"}, {"2b", "unlock", "not held"},
			{"1a", "lock", "ok"}, {"1a", "state", "1/1×3 died=false lost=false waiting=1"},
			{"1a", "unlock", "ok"}, {"1a", "unlock", "ok"}, {"2a", "ends", waits}, {"1a", "unlock", "ok"}, {"2a", "ends", "ok"},
			{"2a", "lock", "ok"}, {"2a", "state", "2/1×2 died=false lost=false waiting=0"},
		},
		"a death ends all levels": {
			{"1a", "lock", "ok"}, {"1a", "lock", "ok"}, {"2b", "lock", waits}, {"1a", "expire", ""}, {"2b", "ends", "died"},
			{"2b", "state", "2/2×1 died=true lost=false waiting=0"}, {"2b", "lock", "ok"}, {"2b", "mark", "ok"},
			{"2b", "unlock", "ok"}, {"2b", "unlock", "ok"}, {"3a", "lock", "ok"},
		},
		"only the last level abandons": {
			{"1a", "lock", "ok"}, {"1a", "expire", ""}, {"2a", "lock", "died"}, {"2a", "lock", "ok"}, {"3a", "lock", waits},
			{"2a", "abandon", "ok"}, {"3a", "ends", waits}, {"2a", "abandon", "ok"}, {"3a", "ends", "died"}, {"3a", "unlock", "ok"}, {"2a", "lock", "lost"},
		},
		"the last handle that is closed is as a death": {
			{"1a", "lock", "ok"}, {"1a", "lock", "ok"}, {"1a", "close", ""}, {"2a", "lock", "died"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			newScript(t, 3, performRecursive).on(wire.TypeRecursiveMutex, nil).play(steps...)
		})
	}
}
