package shmtest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const (
	roleEnv = "SHMKIT_TEST_HELPER"
	dirEnv  = "SHMKIT_DIR"
)

// Main is TestMain. In a helper process it runs the helper and no test. After the
// tests it calls each of done and then looks for leaks.
func Main(m *testing.M, done ...func() error) {
	if name := os.Getenv(roleEnv); name != "" {
		runHelper(name)
	}
	os.Exit(run(m, done))
}

func run(m *testing.M, done []func() error) int {
	dir, err := makeDir()
	if err != nil {
		fmt.Fprintln(os.Stderr, "shmtest:", err)
		return 1
	}
	defer dir.remove()
	os.Setenv(dirEnv, dir.path)
	wakePoller()
	before := takeCensus()
	code := m.Run()
	for _, f := range done {
		if err := f(); err != nil {
			fmt.Fprintln(os.Stderr, "shmtest: after the tests:", err)
			code = max(code, 1)
		}
	}
	if code != 0 {
		return code
	}
	bad := append(unusedHelpers(), dir.left()...)
	if filtered("-test.fuzz", "-test.fuzzworker") == "" {
		bad = append(bad, before.leaks()...)
	}
	if len(bad) > 0 {
		fmt.Fprintln(os.Stderr, "shmtest: after the tests:\n\t"+strings.Join(bad, "\n\t"))
		return 1
	}
	return 0
}

// filtered is the first argument of this process that sets one of the flags to
// anything but its default.
func filtered(flags ...string) string {
	for _, arg := range os.Args[1:] {
		name, value, set := strings.Cut(arg, "=")
		for _, flag := range flags {
			if name == flag && (!set || value != "" && value != "false") {
				return arg
			}
		}
	}
	return ""
}
