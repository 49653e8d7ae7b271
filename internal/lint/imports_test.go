package lint

import (
	"strconv"
	"strings"
	"testing"
)

// floors is the policy: a package may import packages of lower floors only, and
// never a sibling on its own floor, except where siblings says so.
var floors = map[string]int{
	"internal/layout": 0, // the shared structs: imports nothing of ours
	"internal/mem":    0, // offset → pointer
	"internal/race":   0, // hooks for the detector
	"internal/cell":   0, // atomic operations on plain values
	"internal/sys":    1, // the only system calls
	"internal/park":   2, // the only loop that sleeps
	"internal/heap":   2, // arenas and blocks
	"shm":             3,
	"sync":            4,
	"ring":            4,
	"internal/hold":   5, // what handles of objects with a lock share
	"value":           6,
	"array":           6,
	"pipe":            6,
	"process":         7,
	"pool":            8,
	"manager":         8,
	"include":         0, // C files to embed
	"cmd":             9,
	"examples":        9,
	"bench":           9,
}

// aside may be imported by tests only, and import what is named here.
var aside = map[string][]string{
	"internal/cheader": {"internal/layout"}, // describes the layout, and nothing else
	"internal/shmtest": {},                  // must suit tests of every floor
	"internal/lint":    {},
	"internal/crash":   {"internal/layout", "internal/mem", "internal/sys", "shm", "sync", "internal/shmtest"},
}

// thirdParty is what the root module may use, and who: heavy things live in
// nested modules.
var thirdParty = map[string][]string{
	"golang.org/x/sys":                  {"internal/sys"},
	"github.com/edsrzf/mmap-go":         {"shm"},
	"github.com/tidwall/btree":          {"internal/heap", "manager"},
	"github.com/fxamacker/cbor/v2":      {"ring", "pipe", "process", "pool", "manager"},
	"pgregory.net/rapid":                {}, // tests
	"github.com/anishathalye/porcupine": {}, // tests
}

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		if strings.HasPrefix(s.dir, "bench") {
			continue // a module of its own; the compiler holds its rules
		}
		for _, spec := range s.ast.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			name := ""
			if spec.Name != nil {
				name = spec.Name.Name
			}
			if why := forbidden(s, path, name); why != "" {
				t.Errorf("%s:%d imports %s: %s", s.path, s.line(spec.Pos()), path, why)
			}
		}
	}
}

// forbidden tells why file s must not import path under name, or "".
func forbidden(s *source, path, name string) string {
	ours, isOurs := strings.CutPrefix(path, "shmkit/")
	switch {
	case isOurs:
		if ours == "sync" && name != "shsync" {
			return "must be named shsync: a bare sync.Mutex always means the standard one"
		}
		return forbiddenOurs(s, ours)
	case path == "sync" && name == "shsync":
		return "shsync is the name of shmkit/sync"
	case strings.Contains(strings.SplitN(path, "/", 2)[0], "."):
		return forbiddenModule(s, path)
	}
	return ""
}

func forbiddenOurs(s *source, path string) string {
	if s.test() {
		return "" // tests may look at every floor; cycles are the compiler's to refuse
	}
	if allowed, ok := aside[s.dir]; ok {
		for _, a := range allowed {
			if a == path {
				return ""
			}
		}
		return s.dir + " is test support and may import only " + strings.Join(allowed, ", ")
	}
	if _, ok := aside[path]; ok {
		return path + " is for tests only"
	}
	from, ok := floor(s.dir)
	if !ok {
		return s.dir + " has no floor: add it to the table, with a reason"
	}
	to, ok := floor(path)
	if !ok {
		return path + " has no floor"
	}
	if to >= from {
		return "imports go down only: " + s.dir + " is on floor " + strconv.Itoa(from) + ", " + path + " on " + strconv.Itoa(to)
	}
	return ""
}

func floor(dir string) (int, bool) {
	if n, ok := floors[dir]; ok {
		return n, true
	}
	n, ok := floors[strings.SplitN(dir, "/", 2)[0]]
	return n, ok
}

func forbiddenModule(s *source, path string) string {
	for module, users := range thirdParty {
		if path != module && !strings.HasPrefix(path, module+"/") {
			continue
		}
		if s.test() {
			return ""
		}
		for _, u := range users {
			if u == s.dir {
				return ""
			}
		}
		return "of this module's packages only these may use it: " + strings.Join(users, ", ")
	}
	return "the root module stays light: not in the table"
}
