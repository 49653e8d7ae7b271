package storm

import (
	"fmt"
	"strings"
	"testing"
)

// What the ledger says of a queue that loses, doubles or makes up messages.
func TestGoods(t *testing.T) {
	acked := func(f *fate) { f.maybe = true }
	for _, tt := range []struct {
		name string
		do   func(g *goods)
		want string // of the report, "" if the law holds
	}{
		{"all is well", func(g *goods) { g.puts(1, true); g.shows(1, 0); g.takes(1) }, ""},
		{"learned the other way round", func(g *goods) { g.takes(1); g.puts(1, true) }, ""},
		{"put, or not", func(g *goods) { g.puts(1, false) }, ""},
		{"acknowledged, or not", func(g *goods) { g.puts(1, true); g.change(1, acked) }, ""},
		{"given back", func(g *goods) { g.puts(1, true); g.shows(1, 0); g.shows(1, 1); g.takes(1) }, ""},
		{"given back, learned later", func(g *goods) { g.puts(1, true); g.shows(1, 1); g.takes(1); g.shows(1, 0) }, ""},
		{"more often than is counted", func(g *goods) { g.puts(1, true); g.shows(1, 127); g.shows(1, 127); g.takes(1) }, ""},
		{"a Get was cut off", func(g *goods) { g.puts(1, true); g.cut = 1 }, ""},
		{"lost", func(g *goods) { g.puts(1, true) }, "1 messages are gone"},
		{"lost in leases", func(g *goods) { g.puts(1, true); g.shows(1, 0) }, "1 messages are gone"},
		{"two lost", func(g *goods) { g.puts(1, true); g.puts(2, true); g.cut = 1 }, "2 messages are gone"},
		{"taken twice", func(g *goods) { g.puts(1, true); g.takes(1); g.takes(1) }, "nobody put it"},
		{"taken twice before it is known", func(g *goods) { g.takes(1); g.takes(1); g.puts(1, true) }, "taken 2 times"},
		{"made up", func(g *goods) { g.takes(1) }, "nobody put it"},
		{"delivered twice", func(g *goods) { g.puts(1, true); g.shows(1, 70); g.shows(1, 70); g.takes(1) }, "with the count 70"},
	} {
		g := newGoods()
		tt.do(g)
		var said []string
		g.check(func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
		if text := strings.Join(said, "; "); (text == "") != (tt.want == "") || !strings.Contains(text, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, text, tt.want)
		}
	}
}
