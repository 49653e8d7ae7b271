package main

import (
	"os/exec"
	"strings"
	"testing"
)

// Two machines share what a server has, and one is cut off.
func TestRemote(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it takes 5 s")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command on this machine")
	}
	cmd := exec.Command("go", "run", "./examples/remote")
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	case strings.HasPrefix(string(out), "skipped"):
		t.Skip(string(out))
	case !strings.HasSuffix(string(out), "all as it should be\n"):
		t.Errorf("it says:\n%s", out)
	}
}
