package shmtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// CC is the path of a C compiler. Without one the test is skipped.
func CC(t testing.TB) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("skipped: shmkit.h is for Linux")
	}
	for _, name := range []string{os.Getenv("CC"), "cc", "gcc", "clang"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Skip("skipped: no C compiler (tried $CC, cc, gcc, clang)")
	return ""
}

// BuildC compiles a C program against this module's header and gives the path of
// the program. src is the path of a file, or the program itself if it has a line
// break. The flags come last.
func BuildC(t testing.TB, src string, flags ...string) string {
	t.Helper()
	cc, dir := CC(t), t.TempDir()
	if strings.Contains(src, "\n") {
		path := filepath.Join(dir, "program.c")
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		src = path
	}
	program := filepath.Join(dir, "program")
	args := []string{"-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-I", includeDir(t), "-o", program, src, "-pthread"}
	cmd := exec.CommandContext(t.Context(), cc, append(args, flags...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return program
}

// includeDir looks upward from the directory of the test.
func includeDir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		include := filepath.Join(dir, "include")
		if _, err := os.Stat(filepath.Join(include, "shmkit.h")); err == nil {
			return include
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("include/shmkit.h is in no directory above this one")
		}
		dir = parent
	}
}
