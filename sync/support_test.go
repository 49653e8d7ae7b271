package sync_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"shmkit/internal/shmtest"
)

var pid = uint32(os.Getpid())

// watchdog ends a test that hangs with the stacks of all goroutines, and with what
// is in the segments.
func watchdog(t testing.TB) {
	t.Helper()
	shmtest.Watchdog(t, 2*time.Minute)
}

// threads counts the OS threads of this process.
func threads(t *testing.T) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc: cannot count threads")
	}
	_, after, _ := strings.Cut(string(status), "Threads:")
	n, _ := strconv.Atoi(strings.TrimSpace(strings.SplitN(after, "\n", 2)[0]))
	return n
}
