package shmtest

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// Watchdog ends the test binary if the test is not over after d: with the stacks
// of all goroutines, and with what each dump prints, for example the state of a
// segment.
func Watchdog(t testing.TB, d time.Duration, dumps ...func()) {
	t.Helper()
	timer := time.AfterFunc(d, func() {
		fmt.Fprintf(os.Stderr, "shmtest: %s hangs: not over after %v\n", t.Name(), d)
		for _, dump := range dumps {
			dump()
		}
		stacks := make([]byte, 4<<20)
		os.Stderr.Write(stacks[:runtime.Stack(stacks, true)])
		os.Exit(1)
	})
	t.Cleanup(func() { timer.Stop() })
}
