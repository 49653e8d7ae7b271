package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"shmkit/array"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

func TestMain(m *testing.M) { shmtest.Main(m, removeProgram) }

// program is the tool, built once: what the tests look at is another process, as
// it is for users.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "shmkit-cli-")
	if err != nil {
		return "", err
	}
	programDir = dir
	path := filepath.Join(dir, "shmkit")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, err
})

var programDir string

func removeProgram() error { return os.RemoveAll(programDir) } // "" is nothing

// result is what one run of the program gave.
type result struct {
	status    int
	out, errs string
}

func launch(t *testing.T, args ...string) result {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("segments need Linux")
	}
	path, err := program()
	must(t, err)
	var out, errs bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// shmkit runs a command line, asserts the exit status and that errors are lines,
// and gives all that was printed.
func shmkit(t *testing.T, status int, args ...string) string {
	t.Helper()
	r := launch(t, args...)
	if r.status != status {
		t.Fatalf("shmkit %q: status %d, want %d\n%s%s", args, r.status, status, r.out, r.errs)
	}
	for line := range strings.Lines(r.errs) {
		if !strings.HasPrefix(line, "shmkit: ") {
			t.Errorf("shmkit %q: %q among the errors", args, line)
		}
	}
	return r.out + r.errs
}

// fromJSON reads what a command printed, asserts that no field is unknown to v and
// that v is printed the same again.
func fromJSON[T any](t *testing.T, text string) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	must(t, d.Decode(&v))
	var again bytes.Buffer
	must(t, (&command{out: &again}).printJSON(v))
	if again.String() != text {
		t.Errorf("printed %s\nread and printed again %s", text, &again)
	}
	return v
}

func contains(t *testing.T, text string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile(p).MatchString(text) {
			t.Errorf("%q is not in:\n%s", p, text)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type point struct {
	X float64
	N [2]int16
	C shm.Char
}

// sample makes a segment with one of everything.
func sample(t *testing.T) *shm.Segment {
	t.Helper()
	shmtest.Watchdog(t, time.Minute)
	seg, err := shm.Create("sample", shm.WithSize(64<<10))
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	must(t, err)
	t.Cleanup(func() {
		must(t, seg.Close())
		if err := shm.Remove("sample"); err != nil && !errors.Is(err, shm.ErrNotFound) {
			t.Error(err)
		}
	})
	m, err := shsync.NewMutexIn(seg, "lock")
	keep(t, m, err)
	v, err := value.NewIn(seg, "pi", 3.14)
	keep(t, v, err)
	addArray(t, seg, "prices", []float64{1, 2, 3})
	addArray(t, seg, "points", []point{{1.5, [2]int16{7, 8}, 'x'}})
	return seg
}

func addArray[T any](t *testing.T, seg *shm.Segment, name string, items []T) {
	t.Helper()
	a, err := array.FromIn(seg, name, items)
	keep(t, a, err)
}

// keep closes c after the test.
func keep(t *testing.T, c interface{ Close() error }, err error) {
	t.Helper()
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
}

func TestUsage(t *testing.T) {
	contains(t, shmkit(t, 0, "help"), `usage: shmkit`, `inspect SEGMENT  `, `--force`)
	contains(t, shmkit(t, 0, "ls", "-h"), `usage: shmkit`)
	contains(t, shmkit(t, 0, "version"), `^shmkit \S+, segment format 1, layout [0-9a-f]{16}\n$`)
	fromJSON[versionRecord](t, shmkit(t, 0, "version", "--json"))
	if h := fromJSON[map[string][]verb](t, shmkit(t, 0, "help", "--json")); len(h["commands"]) != len(verbs()) {
		t.Errorf("%+v", h)
	}
	for args, want := range map[string]string{
		"":                    `no command`,
		"nonsense":            `unknown command "nonsense"`,
		"ls x":                `ls: "x" is too much`,
		"inspect":             `inspect: SEGMENT is missing`,
		"inspect a b":         `inspect: "b" is too much`,
		"check":               `check: SEGMENT… is missing`,
		"rm --json":           `rm: SEGMENT… is missing`,
		"ls --wrong":          `not defined: -wrong`,
		"--numpy ls":          `ls: no flag --numpy`,
		"check x --force":     `check: no flag --force`,
		"doctor x":            `doctor: "x" is too much`,
		"peek a":              `peek: SEGMENT OBJECT is missing`,
		"peek a b -n 0":       `-n is less than 1`,
		"ls -n 3":             `ls: no flag --n`,
		"ls --dir":            `needs an argument: -dir`,
		"ls --dir=":           `--dir is empty`,
		"inspect -- --json b": `inspect: "b" is too much`,
	} {
		contains(t, shmkit(t, 2, strings.Fields(args)...), `^shmkit: .*`+want+`; see shmkit help\n$`)
	}
}

// Every field of the JSON is in the manual.
func TestFieldsAreDocumented(t *testing.T) {
	manual, err := os.ReadFile("../../docs/cli.md")
	must(t, err)
	var visit func(reflect.Type)
	visit = func(r reflect.Type) {
		for r.Kind() == reflect.Slice || r.Kind() == reflect.Pointer {
			r = r.Elem()
		}
		if r.Kind() != reflect.Struct || r == reflect.TypeFor[time.Time]() {
			return
		}
		for f := range r.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !regexp.MustCompile(`\b` + name + `\b`).Match(manual) {
				t.Errorf("%s.%s: %q is not in docs/cli.md", r, f.Name, name)
			}
			visit(f.Type)
		}
	}
	for _, v := range []any{segmentRecord{}, checkRecord{}, doctorRecord{}, removeRecord{}, arrayRecord{}, versionRecord{}, verb{}, peekRecord{}} {
		visit(reflect.TypeOf(v))
	}
}
