package host

import (
	"fmt"
	"testing"

	"shmkit/internal/wire"
)

func performEvent(_ *script, _ string, args []string) (wire.Method, []byte, func(r *wire.Reader) string) {
	switch args[0] {
	case "wait":
		return wire.EventWait, nil, nil
	case "set":
		return wire.EventSet, nil, nil
	case "clear":
		return wire.EventClear, nil, nil
	}
	return wire.EventInfo, nil, func(r *wire.Reader) string { return fmt.Sprintf("set=%v waiting=%d", r.Bool(), r.Uint()) }
}

// conformance: EV-05
func TestEvent(t *testing.T) {
	for name, steps := range map[string][]step{
		"set ends all waits": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "state", "set=false waiting=2"}, {"3a", "set", "ok"},
			{"1a", "ends", "ok"}, {"2a", "ends", "ok"}, {"1a", "wait", "ok"}, {"3a", "set", "ok"}, {"3a", "clear", "ok"}, {"1a", "wait", waits},
		},
		"set and clear before the Grant end those from before": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "set!", "ok"}, {"3a", "clear!", "ok"}, {"3b", "wait!", waits}, {"", "grant", ""},
			{"1a", "ends", "ok"}, {"2a", "ends", "ok"}, {"3b", "ends", waits}, {"3a", "state", "set=false waiting=1"},
		},
		"who gives up after the set was served": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"2a", "cancel", "cancelled"}, {"2a", "wait", waits},
			{"3a", "set!", "ok"}, {"1a", "timeout!", "ok"}, {"2a", "cancel!", "ok"}, {"", "grant", ""}, {"3a", "state", "set=true waiting=0"},
		},
		"deaths change nothing": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"1a", "expire", ""}, {"3a", "set", "ok"}, {"3a", "expire", ""},
			{"2a", "ends", "ok"}, {"2a", "state", "set=true waiting=0"},
		},
		"the last reference ends waits": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"1a", "close", "released"}, {"2a", "set", "ok"},
		},
	} {
		t.Run(name, func(t *testing.T) { newScript(t, 3, performEvent).on(wire.TypeEvent, nil).play(steps...) })
	}
}
