package lint

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors is policy, not fact: imports go down only, and no package may import one
// on its own floor. If this test fails because of your change, change your change
// and not the table, unless the design is meant to change. Tests may look at every
// floor; cycles are the compiler's to refuse.
var floors = []struct {
	height   int
	packages []string
}{
	{80, []string{"cmd", "examples", "bench"}},
	{76, []string{"internal/suite/locks", "internal/suite/queues", "internal/suite/pools"}}, // what types of every floor must do
	{75, []string{"internal/crash", "internal/storm", "internal/suite"}},                    // kill processes of every floor, in tests
	{72, []string{"manager"}},
	{70, []string{"pool"}},
	{60, []string{"process"}},
	{55, []string{"internal/function"}},
	{50, []string{"value", "array", "pipe"}},
	{45, []string{"internal/hold"}}, // what value and array have in common, over sync
	{40, []string{"sync", "ring"}},
	{30, []string{"shm"}},
	{20, []string{"internal/park", "internal/heap", "internal/history", "internal/journal"}},
	{10, []string{"internal/sys", "internal/shmtest", "internal/cheader", "internal/protocol", "internal/work"}},
	{5, []string{"internal/word", "internal/host"}},
	{0, []string{"internal/layout", "internal/mem", "internal/race", "internal/cell", "internal/codec", "internal/wire", "internal/lint", "internal/model", "internal/mutants", "include"}},
}

// bans are edges that the floors alone would allow. In from and to, "*" is any
// package of ours but the excepted ones.
var bans = []struct {
	from, to string
	except   []string // packages that may all the same
	why      string
}{
	{"*", "internal/shmtest", []string{"internal/storm", "internal/history", "internal/suite"}, "test support must not reach programs"},
	{"*", "internal/storm", nil, "test support must not reach programs"},
	{"*", "internal/suite", []string{"internal/suite"}, "test support must not reach programs"},
	{"*", "internal/crash", nil, "kill points are switched on in tests only"},
	{"*", "internal/history", nil, "histories are checked by tests"},
	{"*", "internal/model", nil, "models are explored by tests"},
	{"*", "internal/lint", nil, "it has nothing but tests"},
	{"*", "internal/mutants", nil, "it has nothing but tests"},
	{"*", "internal/cheader", nil, "a generator runs when the tree is made, not in programs"},
	{"*", "internal/protocol", nil, "a generator runs when the tree is made, not in programs"},
	{"*", "include", []string{"cmd", "examples", "bench"}, "the C header is for C; Go has the layout itself"},
	{"internal/park", "internal/layout", nil, "waiting knows words, not what they mean"},
	{"internal/word", "*", []string{"internal/layout"}, "transitions are pure: words in, words out"},
	{"internal/cheader", "*", []string{"internal/layout"}, "it describes the layout and nothing else"},
	{"internal/protocol", "*", []string{"internal/wire"}, "it describes the protocol and nothing else"},
	{"internal/shmtest", "*", []string{"internal/sys"}, "every floor uses it in tests"},
	{"examples", "internal", nil, "an example shows what a user can write"},
	{"value", "internal/layout", nil, "the format of segments is known up to floor 4"},
	{"array", "internal/layout", nil, "the format of segments is known up to floor 4"},
	{"pipe", "internal/layout", nil, "the format of segments is known up to floor 4"},
	{"value", "internal/sys", nil, "data makes no system calls; waiting is in sync"},
	{"array", "internal/sys", nil, "data makes no system calls; waiting is in sync"},
}

// requirement is a module that packages of ours may import.
type requirement struct {
	path string
	in   []string // packages that may import it; nil: any test, and nothing else
	why  string
}

// modules that the root module may require. Nested modules may require others.
var modules = []requirement{
	{"golang.org/x/sys", []string{"internal/sys", "internal/crash"}, "the only system calls, and ptrace for tests"},
	{"github.com/edsrzf/mmap-go", []string{"shm", "internal/mem"}, "every mapping"},
	{"github.com/tidwall/btree", []string{"internal/heap", "internal/host"}, "free extents; the ordered dict"},
	{"github.com/fxamacker/cbor/v2", []string{"internal/codec"}, "values that are not plain memory"},
	{"pgregory.net/rapid", nil, "random histories"},
	{"github.com/anishathalye/porcupine", []string{"internal/history"}, "linearizability, in tests"},
}

const noFloor = "it has no floor in the table of internal/lint"

func height(dir string) (int, bool) {
	for _, f := range floors {
		if under(dir, f.packages...) {
			return f.height, true
		}
	}
	return 0, false
}

func TestImports(t *testing.T) {
	for _, s := range tree(t) {
		if _, ok := height(s.dir); !ok {
			t.Errorf("%s: package %s has no floor in the table of internal/lint", s.path, s.dir)
			continue
		}
		for _, spec := range s.file.Imports {
			target, _ := strconv.Unquote(spec.Path.Value)
			why := ""
			if ours, ok := strings.CutPrefix(target, module+"/"); ok {
				why = refuse(s, ours)
			} else if first, _, _ := strings.Cut(target, "/"); strings.Contains(first, ".") {
				why = refuseModule(s, target)
			}
			if why != "" {
				t.Errorf("%s: %s must not import %s: %s", s.at(spec.Pos()), s.dir, target, why)
			}
		}
	}
}

// slow are packages that every child of process would pay for, by what it links or
// initialises before it begins. Up to the floor of process no package has them, but for those
// that not every program needs.
var slow = struct{ packages, except []string }{
	[]string{"net", "crypto/rand", "os/user"}, []string{"pipe"},
}

func TestSlowPackages(t *testing.T) {
	top, _ := height("process")
	for _, s := range tree(t) {
		if here, _ := height(s.dir); s.test || here > top || s.in(slow.except...) || strings.HasSuffix(s.path, "_other.go") {
			continue
		}
		for _, spec := range s.file.Imports {
			if target, _ := strconv.Unquote(spec.Path.Value); slices.Contains(slow.packages, target) {
				t.Errorf("%s: %s makes every child begin later", s.at(spec.Pos()), target)
			}
		}
	}
}

// refuse is the reason against an import of ours, or "".
func refuse(s *source, to string) string {
	if _, ok := height(to); !ok {
		return noFloor
	}
	if s.test {
		return ""
	}
	for _, b := range bans {
		if (b.from == "*" || s.in(b.from)) && (b.to == "*" || under(to, b.to)) && !(b.from == "*" && under(s.dir, b.except...) || b.to == "*" && under(to, b.except...)) {
			return b.why
		}
	}
	here, _ := height(s.dir)
	there, _ := height(to)
	switch {
	case there == here:
		return "siblings on a floor do not know each other"
	case there > here:
		return "imports go down only"
	}
	return ""
}

// refuseModule is the reason against an import from another module, or "".
func refuseModule(s *source, target string) string {
	if s.in("bench") {
		return "" // a module of its own
	}
	for _, m := range modules {
		if under(target, m.path) {
			switch {
			case m.in == nil && s.test || s.in(m.in...):
				return ""
			case m.in == nil:
				return "it is for tests: " + m.why
			case s.test && m.path == "golang.org/x/sys":
				return ""
			}
			return "it is for " + strings.Join(m.in, ", ") + ": " + m.why
		}
	}
	return "the root module stays light; see modules in internal/lint"
}

// The table itself: some edges that must never be allowed, and some that must.
func TestRefuse(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		test, ok bool
	}{
		{"sync", "shm", false, true},
		{"shm", "sync", false, false},
		{"shm", "sync", true, true},
		{"sync", "ring", false, false},
		{"value", "array", false, false},
		{"internal/layout", "internal/mem", false, false},
		{"value", "internal/shmtest", false, false},
		{"value", "internal/shmtest", true, true},
		{"shm", "internal/heap", false, true},
		{"internal/heap", "internal/park", false, false},
		{"internal/suite/locks", "internal/suite", false, true},
		{"cmd/shmkit", "internal/suite/locks", false, false},
		{"internal/suite/locks", "internal/shmtest", false, true},
		{"cmd/shmkit", "internal/shmtest", false, false},
		{"examples/tour", "value", false, true},
		{"examples/tour", "internal/sys", false, false},
		{"cmd/shmkit", "bench", false, false},
		{"value", "elsewhere", false, false},
		{"value", "elsewhere", true, false},
	} {
		if why := refuse(&source{dir: tt.from, test: tt.test}, tt.to); (why == "") != tt.ok {
			t.Errorf("%s imports %s (test: %v): %q, want allowed: %v", tt.from, tt.to, tt.test, why, tt.ok)
		}
	}
}

// In this module a process-local lock around shared data is the bug, so a bare
// sync.Mutex must always be the standard one.
func TestNameOfSync(t *testing.T) {
	for _, s := range tree(t) {
		for _, spec := range s.file.Imports {
			switch target, _ := strconv.Unquote(spec.Path.Value); {
			case target == module+"/sync" && (spec.Name == nil || spec.Name.Name != "shsync"):
				t.Errorf(`%s: import it as shsync "%s/sync"`, s.at(spec.Pos()), module)
			case target == "sync" && spec.Name != nil && spec.Name.Name == "shsync":
				t.Errorf("%s: shsync is %s/sync, never the standard one", s.at(spec.Pos()), module)
			}
		}
	}
}

func TestRequiredModules(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) < 2 || !strings.Contains(words[0], ".") || strings.Contains(line, "// indirect") {
			continue
		}
		if !slices.ContainsFunc(modules, func(m requirement) bool { return m.path == words[0] }) {
			t.Errorf("go.mod requires %s, which is not in the table of internal/lint", words[0])
		}
	}
}
