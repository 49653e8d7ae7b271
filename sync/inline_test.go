package sync_test

import (
	"os/exec"
	"strings"
	"testing"
)

// The fast paths inline into their callers, as far as the compiler's budget allows: beside
// the call of the slow path there is room for one atomic operation. So RLock, RUnlock,
// Acquire and Release are calls, of few instructions.
func TestFastPathsInline(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command on this machine")
	}
	out, err := exec.Command("go", "build", "-gcflags=-m", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, f := range []string{"(*Mutex).Lock", "(*Mutex).Unlock", "(*Event).Wait", "(*Event).IsSet", "(*Semaphore).take"} {
		if !strings.Contains(string(out), "can inline "+f+"\n") {
			t.Errorf("%s does not inline", f)
		}
	}
}
