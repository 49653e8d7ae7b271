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

// The README's program compiles and prints what the README says.
func TestReadmeProgram(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	program := regexp.MustCompile("(?s)```go\n(package main.*?)```").FindSubmatch(readme)
	if program == nil {
		t.Fatal("the README has no program")
	}
	path := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(path, program[1], 0o600); err != nil {
		t.Fatal(err)
	}
	if out := goRun(t, path); out != "3.14 [5 1 2 3 4]\n" {
		t.Errorf("the README's program prints %q", out)
	}
}
