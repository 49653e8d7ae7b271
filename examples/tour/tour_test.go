package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// goRun runs a Go program from the root of the module, which leaves no segment behind.
func goRun(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command on this machine")
	}
	cmd := exec.Command("go", append([]string{"run"}, args...)...)
	cmd.Dir = "../.."
	dir := t.TempDir()
	cmd.Env = append(os.Environ(), "SHMKIT_DIR="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go run %v: %v\n%s", args, err, out)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("go run %v left %v, %v", args, left, err)
	}
	return string(out)
}

// The README's first command.
func TestTour(t *testing.T) {
	out := goRun(t, "./examples/tour")
	if !strings.Contains(out, "all as it should be") {
		t.Errorf("the tour says:\n%s", out)
	}
	whole := regexp.MustCompile(`(?m)^   \d+\(get\):\d+\(put\):\d+\.\d+$`)
	if n := len(whole.FindAllString(out, -1)); n != workers {
		t.Errorf("%d whole lines came through the queue, want %d:\n%s", n, workers, out)
	}
	_, noCompiler := compiler()
	if left := strings.Contains(out, "left out"); left != (noCompiler != nil) {
		t.Errorf("with a compiler: %v, but:\n%s", noCompiler == nil, out)
	}
}

// The programs in documents compile and print what the documents say.
func TestPrograms(t *testing.T) {
	for doc, wants := range map[string][]string{
		"README.md":       {"3.14 [5 1 2 3 4]\n", "[20 30 0 60]\nexit code 3\n15 <nil>\n", "3.14 [5 1 2 3 4] [Hello]\n"},
		"docs/manager.md": {"map[hits:2]\n"},
	} {
		text, err := os.ReadFile(filepath.Join("../..", doc))
		if err != nil {
			t.Fatal(err)
		}
		programs := regexp.MustCompile("(?s)```go\n(package main.*?)```").FindAllSubmatch(text, -1)
		if len(programs) != len(wants) {
			t.Fatalf("%s has %d programs, want %d", doc, len(programs), len(wants))
		}
		for i, want := range wants {
			path := filepath.Join(t.TempDir(), "main.go")
			if err := os.WriteFile(path, programs[i][1], 0o600); err != nil {
				t.Fatal(err)
			}
			if out := goRun(t, path); out != want {
				t.Errorf("program %d of %s prints %q, want %q", i+1, doc, out, want)
			}
		}
	}
}
