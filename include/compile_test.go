package include_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"shmkit/include"
)

var warnings = []string{"-O2", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wcast-align"}

// needLinux skips where segments do not exist.
func needLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("shmkit.h is for Linux on amd64 and arm64")
	}
}

// headers writes the embedded header files to a directory, as a Go program that
// compiles C would.
func headers(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, include.Files); err != nil {
		t.Fatal(err)
	}
	return dir
}

// compile builds sources with the compiler, or skips if there is none.
func compile(t *testing.T, compiler string, flags []string, sources ...string) string {
	t.Helper()
	needLinux(t)
	cc, err := exec.LookPath(compiler)
	if err != nil {
		t.Skip("no " + compiler)
	}
	program := filepath.Join(t.TempDir(), "program")
	args := append([]string{"-I", headers(t), "-o", program}, flags...)
	args = append(append(args, sources...), "-pthread")
	if out, err := exec.CommandContext(t.Context(), cc, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", compiler, args, err, out)
	}
	return program
}

var built = struct {
	mu       sync.Mutex
	programs map[string][]byte
}{programs: map[string][]byte{}}

// program gives the path of testdata/name.c compiled with warnings as errors; it
// is compiled once a test run.
func program(t *testing.T, name string) string {
	t.Helper()
	built.mu.Lock()
	defer built.mu.Unlock()
	if built.programs[name] == nil {
		path := compile(t, "cc", append([]string{"-std=gnu11"}, warnings...), "testdata/"+name+".c")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		built.programs[name] = b
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, built.programs[name], 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHeaderCompiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// Two files, because everything in a header is in every file that includes it.
	const first = "#include \"shmkit.h\"\nint second(void);\nint main(void) { return second(); }\n"
	const second = "#include \"shmkit.h\"\nint second(void);\nint second(void)\n" +
		"{\n\tshmkit_segment s;\n\treturn shmkit_open(&s, \"/absent\", 0) == -ENOENT ? 0 : 1;\n}\n"
	for _, lang := range []struct {
		compilers []string
		suffix    string
		standards []string
	}{
		{[]string{"gcc", "clang"}, ".c", []string{"c11", "gnu17"}},
		{[]string{"g++", "clang++"}, ".cc", []string{"c++11", "c++17"}},
	} {
		sources := []string{write("first"+lang.suffix, first), write("second"+lang.suffix, second)}
		for _, compiler := range lang.compilers {
			for _, standard := range lang.standards {
				t.Run(compiler+"/"+standard, func(t *testing.T) {
					path := compile(t, compiler, append([]string{"-std=" + standard}, warnings...), sources...)
					if out, err := exec.CommandContext(t.Context(), path).CombinedOutput(); err != nil {
						t.Fatalf("%v\n%s", err, out)
					}
				})
			}
		}
	}
}

// Every header file can be included alone.
func TestLayoutHeaderAlone(t *testing.T) {
	source := filepath.Join(t.TempDir(), "alone.c")
	text := "#include \"shmkit_layout.h\"\nint main(void) { return sizeof(shmkit_mutex) == 64 ? 0 : 1; }\n"
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	path := compile(t, "cc", append([]string{"-std=c11"}, warnings...), source)
	if err := exec.CommandContext(t.Context(), path).Run(); err != nil {
		t.Fatal(err)
	}
}
