package shmtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	roleEnv = "SHMKIT_TEST_HELPER"
	dirEnv  = "SHMKIT_DIR"
)

var helpers = struct {
	mu   sync.Mutex
	all  map[string]func(*Child)
	used map[string]bool
}{all: map[string]func(*Child){}, used: map[string]bool{}}

// Register makes f a helper that [Start] can run. Call it from init, so that the
// helper process knows it too.
func Register(name string, f func(*Child)) {
	if helpers.all[name] != nil {
		panic("shmtest: helper " + name + " registered twice")
	}
	helpers.all[name] = f
}

// Main is TestMain. In a helper process it runs the helper and no test. After the
// tests it calls each of done and then looks for leaks.
func Main(m *testing.M, done ...func() error) {
	if name := os.Getenv(roleEnv); name != "" {
		runHelper(name)
	}
	os.Exit(run(m, done))
}

func run(m *testing.M, done []func() error) int {
	dir, err := os.MkdirTemp(shmRoot(), "shmkit-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "shmtest:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	os.Setenv(dirEnv, dir)
	before := descriptors()
	code := m.Run()
	for _, f := range done {
		if err := f(); err != nil {
			fmt.Fprintln(os.Stderr, "shmtest: after the tests:", err)
			return 1
		}
	}
	if code != 0 || filtered() {
		return code
	}
	if bad := leaks(dir, before); len(bad) > 0 {
		fmt.Fprintln(os.Stderr, "shmtest: after the tests:\n\t"+strings.Join(bad, "\n\t"))
		return 1
	}
	return 0
}

// shmRoot is where the segments of tests lie: in memory if there is such a place.
func shmRoot() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// filtered tells whether only some tests ran, so that helpers may be unused.
func filtered() bool {
	for _, arg := range os.Args[1:] {
		for _, flag := range []string{"-test.run=", "-test.skip=", "-test.list=", "-test.fuzz=", "-test.bench=", "-test.short=true"} {
			if strings.HasPrefix(arg, flag) && arg != "-test.run=" && arg != "-test.bench=" {
				return true
			}
		}
	}
	return false
}

// leaks tells what the tests left behind.
func leaks(dir string, before map[string]int) (bad []string) {
	for name := range helpers.all {
		if !helpers.used[name] {
			bad = append(bad, "helper "+name+" is not used by any test")
		}
	}
	for target, n := range descriptors() {
		if strings.Contains(target, dir) && n > before[target] {
			bad = append(bad, fmt.Sprintf("%d descriptors of %s are open", n, target))
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		bad = append(bad, "segment file "+f+" is left")
	}
	return bad
}

// descriptors counts the open descriptors of this process by what they refer to.
func descriptors() map[string]int {
	count := map[string]int{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			count[target]++
		}
	}
	return count
}
