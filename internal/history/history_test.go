package history_test

import (
	"fmt"
	"testing"

	"shmkit/internal/history"
)

// register is a word that is written and read.
func register(state string, op history.Op) (bool, string) {
	if what, value, _ := cut(op.In); what == "store" {
		return true, value
	}
	return op.Out == history.Open || op.Out == state, state
}

func cut(in string) (what, value string, n int) {
	n, _ = fmt.Sscan(in, &what, &value)
	return what, value, n
}

// The test of the test: histories that are right, and histories that are wrong.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name  string
		right bool
		lines []string
	}{
		{"one after the other", true, []string{"call 1 10 store 5", "return 1 20 ok", "call 2 30 load", "return 2 40 5"}},
		{"a stale load", false, []string{"call 1 10 store 5", "return 1 20 ok", "call 2 30 load", "return 2 40 0"}},
		{"a stale load that overlaps", true, []string{"call 1 10 store 5", "call 2 15 load", "return 2 18 0", "return 1 20 ok"}},
		{"back in time", false, []string{"call 1 10 store 5", "call 2 15 load", "return 2 18 5", "call 2 20 load", "return 2 25 0", "return 1 30 ok"}},
		{"a value from nowhere", false, []string{"call 2 30 load", "return 2 40 7"}},
		{"a store without return that happened", true, []string{"call 1 10 store 5", "call 2 30 load", "return 2 40 5"}},
		{"a store without return that did not", true, []string{"call 1 10 store 5", "call 2 30 load", "return 2 40 0"}},
		{"a store without return that came late", true, []string{"call 1 10 store 5", "call 2 30 load", "return 2 40 0", "call 2 50 load", "return 2 60 5"}},
		{"a store without return that was undone", false, []string{"call 1 10 store 5", "call 2 30 load", "return 2 40 5", "call 2 50 load", "return 2 60 0"}},
	} {
		var h history.History
		for _, line := range tt.lines {
			h.Add(line)
		}
		if err := history.Check(&h, register, "0"); (err == nil) != tt.right {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// What Do says, Add understands.
func TestDo(t *testing.T) {
	var h history.History
	say := func(args ...any) { line := fmt.Sprintln(args...); h.Add(line[:len(line)-1]) }
	history.Do(say, 3, "cas 1 2", func() string {
		if h.Unfinished() != 1 {
			t.Error("the call was not said before the operation")
		}
		return "true"
	})
	h.Kill(3, 1, 2)
	ops := h.Ops()
	if len(ops) != 2 || ops[1].Client != 3 || ops[1].In != "cas 1 2" || ops[1].Out != "true" || ops[1].Return < ops[1].Call {
		t.Errorf("%+v", ops)
	}
}
