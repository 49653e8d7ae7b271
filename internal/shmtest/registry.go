package shmtest

import (
	"os"
	"slices"
	"sync"
)

// helpers are the functions that a process of this binary can run in place of the
// tests. The map is complete when TestMain begins; mu guards used.
var helpers = struct {
	all  map[string]func(*Child)
	mu   sync.Mutex
	used map[string]bool
}{all: map[string]func(*Child){}, used: map[string]bool{}}

// Register makes f a helper that [Start] can run. Call it from init, so that the
// helper process knows it too.
//
// Preconditions:
//   - no helper has that name yet
func Register(name string, f func(*Child)) {
	if helpers.all[name] != nil {
		panic("shmtest: helper " + name + " registered twice")
	}
	helpers.all[name] = f
}

// Need says that the test uses these helpers, even if it skips before it starts
// them.
func Need(names ...string) {
	helpers.mu.Lock()
	defer helpers.mu.Unlock()
	for _, name := range names {
		helpers.used[name] = true
	}
}

// unusedHelpers is empty when only some of the tests ran.
func unusedHelpers() (bad []string) {
	if filtered("-test.run", "-test.skip", "-test.list", "-test.fuzz", "-test.fuzzworker", "-test.short", "-test.bench") != "" {
		return nil
	}
	for name := range helpers.all {
		if !helpers.used[name] {
			bad = append(bad, "helper "+name+" is not used by any test")
		}
	}
	slices.Sort(bad)
	return bad
}

// self is the test binary, wherever the test has changed directory to.
func self() string {
	if path, err := os.Executable(); err == nil {
		return path
	}
	return os.Args[0]
}
