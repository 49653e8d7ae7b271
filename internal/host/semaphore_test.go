package host

import (
	"fmt"
	"strconv"
	"testing"

	"shmkit/internal/wire"
)

// performSemaphore: the state is free permits, those of the session, and how many wait.
func performSemaphore(_ *script, _ string, args []string) (wire.Method, []byte, func(r *wire.Reader) string) {
	n := int64(1)
	if len(args) > 1 {
		n, _ = strconv.ParseInt(args[1], 10, 64)
	}
	switch args[0] {
	case "acquire":
		return wire.SemaphoreAcquire, wire.AppendInt(nil, n), nil
	case "release":
		return wire.SemaphoreRelease, wire.AppendInt(nil, n), nil
	}
	return wire.SemaphoreInfo, nil, func(r *wire.Reader) string {
		free, _, held, waiting := r.Uint(), r.Uint(), r.Uint(), r.Uint()
		return fmt.Sprintf("%d+%d waiting=%d", free, held, waiting)
	}
}

// performBounded is performSemaphore, with the methods of that type.
func performBounded(s *script, who string, args []string) (wire.Method, []byte, func(r *wire.Reader) string) {
	m, body, answer := performSemaphore(s, who, args)
	return m - wire.SemaphoreAcquire + wire.BoundedAcquire, body, answer
}

func TestSemaphore(t *testing.T) {
	for name, steps := range map[string][]step{
		"counts": {
			{"1a", "acquire", "ok"}, {"1a", "acquire", "ok"}, {"2a", "state", "0+0 waiting=0"}, {"1a", "state", "0+2 waiting=0"},
			{"2a", "acquire", waits}, {"1a", "release!", "ok"}, {"3a", "acquire!", waits}, {"", "grant", ""}, {"2a", "ends", "ok"}, {"3a", "ends", waits},
			{"2a", "release", "ok"}, {"3a", "ends", "ok"}, {"1a", "state", "0+1 waiting=0"},
			{"3a", "release 3", "ok"}, {"1a", "state", "3+0 waiting=0"}, {"3a", "state", "3+0 waiting=0"},
		},
		"bad counts": {
			{"1a", "acquire 0", "count"}, {"1a", "acquire -1", "count"}, {"1a", "release 0", "count"},
			{"1a", "release 2147483647", "too many"}, {"1a", "acquire 2147483648", "too many"}, {"1a", "state", "2+0 waiting=0"},
		},
		"a death gives permits back": {
			{"1a", "acquire 2", "ok"}, {"2a", "acquire", waits}, {"3a", "acquire 2", waits}, {"1a", "expire", ""},
			{"2a", "ends", "ok"}, {"3a", "ends", waits}, {"2a", "expire", ""}, {"3a", "ends", "ok"}, {"3a", "expire", ""},
		},
		"who has none ends the oldest lease": {
			{"2a", "acquire", "ok"}, {"1a", "acquire", "ok"}, {"3a", "release", "ok"},
			{"2a", "state", "1+0 waiting=0"}, {"1a", "state", "1+1 waiting=0"}, {"2a", "expire", ""},
			{"1a", "state", "1+1 waiting=0"}, {"3a", "release", "ok"}, {"1a", "expire", ""}, {"3a", "state", "2+0 waiting=0"},
			{"3a", "release", "ok"}, {"3a", "state", "3+0 waiting=0"},
		},
		"who has some ends its own first": {
			{"1a", "acquire", "ok"}, {"2a", "acquire", "ok"}, {"2a", "release", "ok"}, {"1a", "state", "1+1 waiting=0"},
			{"2a", "acquire", "ok"}, {"2a", "release 2", "ok"}, {"1a", "state", "2+0 waiting=0"},
		},
		"who wants more lets others pass, and has none meanwhile": {
			{"1a", "acquire 3", waits}, {"2a", "acquire", "ok"}, {"3a", "acquire 2", waits}, {"2a", "release", "ok"}, {"3a", "ends", "ok"},
			{"2a", "release 3", "ok"}, {"1a", "ends", "ok"}, {"1a", "state", "0+3 waiting=0"},
		},
		"who gives up lets the next one have it": {
			{"1a", "acquire 2", "ok"}, {"2a", "acquire", waits}, {"3a", "acquire", waits}, {"1a", "release!", "ok"},
			{"2a", "cancel!", "cancelled"}, {"", "grant", ""}, {"3a", "ends", "ok"}, {"2a", "acquire", waits}, {"2a", "timeout", "timed out"},
		},
		"the last reference ends waits and keeps permits": {
			{"1a", "acquire 2", "ok"}, {"1b", "acquire", waits}, {"1a", "close", ""}, {"1b", "ends", "released"}, {"1a", "state", "0+2 waiting=0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			newScript(t, 3, performSemaphore).on(wire.TypeSemaphore, wire.AppendInt(nil, 2)).play(steps...)
		})
	}
}

func TestBoundedSemaphore(t *testing.T) {
	s := newScript(t, 3, performBounded).on(wire.TypeBoundedSemaphore, wire.AppendInt(nil, 2))
	s.play(
		step{"1a", "release", "too many"}, step{"1a", "acquire 3", "too many"}, step{"1a", "acquire 2", "ok"}, step{"2a", "release 3", "too many"},
		step{"2a", "release", "ok"}, step{"1a", "state", "1+1 waiting=0"}, step{"1a", "expire", ""},
		step{"2a", "state", "2+0 waiting=0"}, step{"2a", "release", "too many"},
	)
}

func TestSemaphoresThatCannotBe(t *testing.T) {
	s := newScript(t, 1, nil)
	for _, kind := range []wire.Type{wire.TypeSemaphore, wire.TypeBoundedSemaphore} {
		for n, want := range map[int64]string{-1: "count", wire.SemaphoreMost + 1: "too many"} {
			if _, code := s.create(kind, wire.AppendInt(nil, n)); code != want {
				t.Errorf("%v of %d permits: %q, want %q", kind, n, code, want)
			}
		}
		if _, code := s.create(kind, nil); code != "body" {
			t.Errorf("%v of nothing: %q", kind, code)
		}
	}
	if n := s.h.Len(); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}
