package manager_test

import (
	"context"
	"encoding/hex"
	"os"
	"os/exec"
	"strings"
	"testing"

	"shmkit/manager"
)

// A client that is written from docs/protocol.md alone, in Python: testdata/client.py.
func TestPythonClient(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("skipped: there is no python3")
	}
	if os.Getenv("SHMKIT_NO_PYTHON") != "" {
		t.Skip("skipped: SHMKIT_NO_PYTHON is set")
	}
	key := []byte("a key that is known to both of them")
	s, err := manager.Serve("unix", "", manager.WithKey(key))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown(context.Background())
	cmd := exec.CommandContext(t.Context(), python, "testdata/client.py", s.Address(), hex.EncodeToString(key))
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "all is well") {
		t.Errorf("%v\n%s", err, out)
	}
}
