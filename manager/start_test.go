package manager_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/process"
)

var errInit = errors.New("manager_test: initializer failed")

func init() { process.RegisterError("manager_test.errInit", errInit) }

// initialize leaves a file that says in which process it ran, or fails.
var initialize = process.Register("manager_test.initialize", func(_ context.Context, path string) error {
	switch path {
	case "":
		return errInit
	case "panic":
		panic("in the initializer")
	}
	return os.WriteFile(path, []byte("here"), 0o600)
})

// start starts a server that is shut down at the end of the test at the latest.
func start(t *testing.T, setups ...manager.Setup) *manager.Manager {
	t.Helper()
	m, err := manager.Start(background, setups...)
	must(t, err)
	t.Cleanup(func() { m.Shutdown(background) })
	return m
}

// A server process does what is asked, and ends with code 0.
//
// conformance: MG-01
func TestStart(t *testing.T) {
	for _, family := range families {
		t.Run(family, func(t *testing.T) {
			shmtest.Watchdog(t, time.Minute)
			m := start(t, manager.WithAddress(family, ""))
			_, err := manager.NewMutex(m.Client(), manager.Named("v"))
			must(t, err)
			// Another client, which has the key because it is of this process.
			c, err := manager.Dial(background, m.Family(), m.Address())
			must(t, err)
			v, err := manager.OpenMutex(c, "v")
			must(t, err)
			must(t, v.Lock())
			must(t, m.Process().Signal(syscall.SIGINT)) // as the terminal sends to all
			must(t, v.Unlock())
			must(t, m.Shutdown(background))
			must(t, m.Shutdown(background))
			if code, ok := m.Process().ExitCode(); code != 0 || !ok {
				t.Errorf("exit code %d, %v", code, ok)
			}
			is(t, "a call of the other client after Shutdown", v.Lock(), manager.ErrServerGone)
			_, err = manager.NewValue(m.Client(), 1)
			is(t, "a call of its client after Shutdown", err, manager.ErrClosed)
			must(t, c.Close())
		})
	}
}

// A server process that is told to end by SIGTERM ends well, one that is stopped is killed.
//
// conformance: MG-01
func TestStartSignals(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	m := start(t)
	must(t, m.Process().Terminate())
	must(t, m.Process().Wait())
	must(t, m.Shutdown(background))
	m = start(t, manager.WithShutdownTimeout(10*time.Millisecond))
	must(t, m.Process().Signal(syscall.SIGSTOP))
	shmtest.AwaitStop(m.Process().PID())
	var exit *process.ExitError
	if err := m.Shutdown(background); !errors.As(err, &exit) || exit.Signal != syscall.SIGKILL {
		t.Errorf("Shutdown of a server that is stopped: %v", err)
	}
}

// The initializer runs in the server process, before it serves; its error is that of Start.
//
// conformance: MG-05
func TestStartInitializer(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	path := t.TempDir() + "/initialized"
	start(t, manager.WithInitializer(initialize, path))
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the initializer did not run: %v", err)
	}
	_, err := manager.Start(background, manager.WithInitializer(initialize, ""))
	is(t, "Start with an initializer that fails", err, errInit)
	if _, err = manager.Start(background, manager.WithInitializer(initialize, "panic")); err == nil || !strings.Contains(err.Error(), "in the initializer") {
		t.Errorf("Start with an initializer that panics: %v", err)
	}
}

// Start tells what Serve would.
func TestStartErrors(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	if _, err := manager.Start(background, manager.WithAddress("carrier pigeon", "")); err == nil || !strings.Contains(err.Error(), "carrier pigeon") {
		t.Errorf("Start of an unknown family: %v", err)
	}
	_, err := manager.Start(background, manager.WithReport(func(string, error) {}))
	is(t, "Start WithReport", err, manager.ErrArgument)
	ctx, cancel := context.WithCancelCause(background)
	cancel(errInit)
	_, err = manager.Start(ctx)
	is(t, "Start with a context that has ended", err, errInit)
	if left := process.ActiveChildren(); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}
