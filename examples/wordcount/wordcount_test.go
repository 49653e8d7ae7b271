package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// build makes the program, and gives a command that leaves nothing behind and cannot hang.
func build(t *testing.T) func(args ...string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command on this machine")
	}
	program := filepath.Join(t.TempDir(), "wordcount")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	segments := t.TempDir()
	t.Cleanup(func() {
		if left, err := os.ReadDir(segments); err != nil || len(left) != 0 {
			t.Errorf("the program left %v, %v", left, err)
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env = append(os.Environ(), "SHMKIT_DIR="+segments)
		return cmd
	}
}

// expected is what the program should print: counted one file after the other, item by item.
func expected(t *testing.T, folders ...string) string {
	t.Helper()
	files, err := filesBelow(folders)
	if err != nil {
		t.Fatal(err)
	}
	text, total := "", count{}
	for _, f := range files {
		b, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		c := count{items(b, bufio.ScanLines), items(b, bufio.ScanWords), items(b, bufio.ScanBytes)}
		if len(b) > 0 && b[len(b)-1] != '\n' {
			c.Lines-- // a line without an end
		}
		total = count{total.Lines + c.Lines, total.Words + c.Words, total.Bytes + c.Bytes}
		text += fmt.Sprintln(c, f.Path)
	}
	return text + fmt.Sprintln(total, "total")
}

func items(b []byte, split bufio.SplitFunc) (n int64) {
	in := bufio.NewScanner(bytes.NewReader(b))
	in.Buffer(nil, len(b)+1)
	for in.Split(split); in.Scan(); {
		n++
	}
	return n
}

// Real files: the documents and sources of this module.
func TestCounts(t *testing.T) {
	command := build(t)
	folders := []string{"../../docs", "../../ring", "../../README.md"}
	want := expected(t, folders...)
	for _, workers := range []string{"1", "5"} {
		var bar strings.Builder
		cmd := command(append([]string{"-workers", workers}, folders...)...)
		cmd.Stderr = &bar
		got, err := cmd.Output()
		if err != nil || string(got) != want {
			t.Errorf("%s workers: %v\n%s%s\nwant\n%s", workers, err, bar.String(), got, want)
		}
		n := strings.Count(want, "\n") - 1
		if !strings.Contains(bar.String(), fmt.Sprintf("] %d/%d 100%%", n, n)) {
			t.Errorf("the bar is %q", bar.String())
		}
	}
}

// What goes wrong with one file does not keep the others from being counted.
func TestUnreadable(t *testing.T) {
	command := build(t)
	folder := t.TempDir()
	for _, err := range []error{
		os.WriteFile(filepath.Join(folder, "a"), []byte("two words\n"), 0o600),
		os.Symlink("nowhere", filepath.Join(folder, "b")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := command("-quiet", folder)
	var told strings.Builder
	cmd.Stderr = &told
	got, err := cmd.Output()
	if err == nil || !strings.Contains(told.String(), "item 1:") || !strings.Contains(told.String(), "no such file") {
		t.Errorf("it says %q: %v", told.String(), err)
	}
	if want := fmt.Sprint(count{1, 2, 10}, " ", filepath.Join(folder, "a"), "\n"); !strings.HasPrefix(string(got), want) {
		t.Errorf("it printed\n%s\nwant first\n%s", got, want)
	}
}
