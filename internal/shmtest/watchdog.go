package shmtest

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// grace is how long a dump, or a child that prints its stacks, may take. The
// process ends anyway, so it decides about nothing but the length of the report.
const grace = 5 * time.Second

// onHang is what every watchdog shows.
var onHang []func()

// OnHang adds a dump to all watchdogs, for example of the segments that are open.
// Call it before the tests begin.
func OnHang(dump func()) { onHang = append(onHang, dump) }

// Watchdog ends the test binary if the test is not over after d: with the stacks
// of all goroutines, with what each dump prints, for example the state of a
// segment, and with the stacks of the processes that [Start] started.
func Watchdog(t testing.TB, d time.Duration, dumps ...func()) {
	t.Helper()
	timer := time.AfterFunc(d, func() { Hang(fmt.Sprintf("%s hangs: not over after %v", t.Name(), d), dumps...) })
	t.Cleanup(func() { timer.Stop() })
}

// Hang ends the test binary at once as a watchdog does, and says why.
func Hang(why string, dumps ...func()) {
	fmt.Fprintln(os.Stderr, "shmtest:", why)
	stacks := make([]byte, 4<<20)
	os.Stderr.Write(stacks[:runtime.Stack(stacks, true)])
	for _, dump := range append(dumps, onHang...) {
		limited(dump)
	}
	// Last, because it ends them, and that changes what the dumps show.
	for _, p := range running.list() {
		fmt.Fprintf(os.Stderr, "shmtest: child %d: %v\n", p.PID(), p.Cmd.Args)
		askForStacks(p)
		limited(func() { p.Cmd.Process.Wait() })
	}
	os.Exit(2)
}

// limited runs f and gives up on it if it hangs: what hangs the test may well
// hang those who look at it.
func limited(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				fmt.Fprintln(os.Stderr, "shmtest: the dump panicked:", p)
			}
		}()
		f()
	}()
	select {
	case <-done:
	case <-time.After(grace):
		fmt.Fprintln(os.Stderr, "shmtest: no answer after", grace)
	}
}
