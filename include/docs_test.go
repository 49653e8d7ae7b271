package include_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The program of docs/c.md is compiled, as C and as C++, and run.
func TestProgramOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/c.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\n```c\n")
	source, _, found := strings.Cut(rest, "\n```\n")
	if !found {
		t.Fatal("docs/c.md has no C program")
	}
	for compiler, suffix := range map[string]string{"cc": ".c", "c++": ".cc"} {
		t.Run(compiler, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bump"+suffix)
			if err := os.WriteFile(path, []byte(source+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			program := compile(t, compiler, warnings, path)
			segment := newImage(t).write()
			for _, want := range []string{"counter 1\n100 prices, sum 0\n", "counter 2\n100 prices, sum 0\n"} {
				out, err := exec.CommandContext(t.Context(), program, segment).CombinedOutput()
				if err != nil || string(out) != want {
					t.Errorf("%v: %q, want %q", err, out, want)
				}
			}
		})
	}
}

// Every function of the headers that users call is in docs/c.md.
func TestDocsNameEveryFunction(t *testing.T) {
	page, err := os.ReadFile("../docs/c.md")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("shmkit*.h")
	if err != nil {
		t.Fatal(err)
	}
	function := regexp.MustCompile(`(?m)^\t?static inline .*?\b(shmkit_\w+?)(?:_##NAME)?\(`)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range function.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(page), "`"+m[1]) {
				t.Errorf("%s of %s is not in docs/c.md", m[1], path)
			}
		}
	}
}
