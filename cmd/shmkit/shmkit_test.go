package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shmkit/array"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

func TestMain(m *testing.M) { shmtest.Main(m, shm.CloseDefault) }

func init() { shmtest.Register("hold", holdLock) }

// holdLock takes the lock of a named segment and keeps it.
func holdLock(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	m, err := shsync.OpenMutex(seg, "lock")
	c.Must(err)
	c.Must(m.Lock())
	c.Say("held")
	c.Park()
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
	seg, err := shm.Create("sample", shm.WithSize(64<<10))
	must(t, err)
	m, err := shsync.NewMutexIn(seg, "lock")
	must(t, err)
	v, err := value.NewIn(seg, "pi", 3.14)
	must(t, err)
	a, err := array.FromIn(seg, "prices", []float64{1, 2, 3})
	must(t, err)
	p, err := array.FromIn(seg, "points", []point{{1.5, [2]int16{7, 8}, 'x'}})
	must(t, err)
	t.Cleanup(func() {
		m.Close()
		v.Close()
		a.Close()
		p.Close()
		seg.Close()
		shm.Remove("sample")
	})
	return seg
}

// shmkit runs a command line and asserts the exit status.
func shmkit(t *testing.T, status int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(args, &out, &errs); got != status {
		t.Fatalf("shmkit %v: status %d, want %d\n%s%s", args, got, status, &out, &errs)
	}
	return out.String() + errs.String()
}

func contains(t *testing.T, text string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile(p).MatchString(text) {
			t.Errorf("%q is not in:\n%s", p, text)
		}
	}
}

func TestLs(t *testing.T) {
	sample(t)
	must(t, os.WriteFile(filepath.Join(shm.Dir(), "junk"), []byte("no segment"), 0o600))
	defer os.Remove(filepath.Join(shm.Dir(), "junk"))
	contains(t, shmkit(t, 0, "ls"), `SEGMENT\s+SIZE`, `sample\s+\S+ KiB\s+\S+ KiB\s+1\s+4\s+\S+\s+named`, `junk .*too short`)
	var records []segmentRecord
	must(t, json.Unmarshal([]byte(shmkit(t, 0, "ls", "--json")), &records))
	if len(records) != 2 || records[0].Error == "" || len(records[1].Objects) != 4 {
		t.Errorf("%+v", records)
	}
}

func TestInspect(t *testing.T) {
	seg := sample(t)
	p := shmtest.Start(t, "hold", seg.Path())
	p.Expect("held")
	text := shmkit(t, 0, "inspect", "sample")
	contains(t, text, seg.ID().String(), `lock\s+Mutex.*held by pid \d+`, `pi\s+Value\s+d\s+1\s`, `prices\s+Array\s+d\s+3\s`,
		`points\s+Array\s+T\{d:X:\(2\)h:N:c:C:3x\}\s+1\s`, `Go\s+\S+\s+alive`)
	p.Kill()
	contains(t, shmkit(t, 0, "inspect", seg.Path()), `held by pid \d+ \(dead\)`, `dead`)
	var r segmentRecord
	must(t, json.Unmarshal([]byte(shmkit(t, 0, "--json", "inspect", "sample")), &r))
}

func TestJSONFlagAnywhere(t *testing.T) {
	sample(t)
	for _, args := range [][]string{{"inspect", "--json", "sample"}, {"inspect", "sample", "--json"}} {
		var r segmentRecord
		must(t, json.Unmarshal([]byte(shmkit(t, 0, args...)), &r))
		if r.Path == "" || len(r.Participants) != 1 || !r.Participants[0].Alive {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

func TestCheck(t *testing.T) {
	seg := sample(t)
	contains(t, shmkit(t, 0, "check", "sample", seg.Path()), `sample: sound`)
	damaged := filepath.Join(t.TempDir(), "damaged")
	b, err := os.ReadFile(seg.Path())
	must(t, err)
	b[0] ^= 1
	must(t, os.WriteFile(damaged, b, 0o600))
	contains(t, shmkit(t, 1, "check", "sample", damaged), `not a segment`)
	b[0] ^= 1
	b[512] = 7 // into a name chain
	must(t, os.WriteFile(damaged, b, 0o600))
	contains(t, shmkit(t, 1, "check", damaged), `directory`)
	var r []checkRecord
	must(t, json.Unmarshal([]byte(shmkit(t, 1, "check", "--json", damaged)), &r))
	if len(r) != 1 || len(r[0].Violations) == 0 {
		t.Errorf("%+v", r)
	}
}

func TestRm(t *testing.T) {
	seg := sample(t)
	shmkit(t, 0, "rm", "sample#pi")
	if _, err := value.Open[float64](seg, "pi"); err == nil {
		t.Error("the object is still there")
	}
	contains(t, shmkit(t, 1, "rm", "sample#pi"), `not found`)
	contains(t, shmkit(t, 0, "rm", "sample"), `removed sample`)
	contains(t, shmkit(t, 1, "rm", "sample"), `not found`)
	junk := filepath.Join(t.TempDir(), "junk")
	must(t, os.WriteFile(junk, make([]byte, 1<<20), 0o600))
	contains(t, shmkit(t, 1, "rm", junk), `not a segment`)
	shmkit(t, 0, "rm", "--force", junk)
}

func TestDoctor(t *testing.T) {
	seg := sample(t)
	p := shmtest.Start(t, "hold", seg.Path())
	p.Expect("held")
	p.Kill()
	contains(t, shmkit(t, 0, "doctor"), `removed 0 abandoned`, `sample: sound`)
	shmkit(t, 0, "doctor", "--json")
}

func TestUsage(t *testing.T) {
	contains(t, shmkit(t, 0, "help"), `usage: shmkit`)
	contains(t, shmkit(t, 0, "version"), `format 1`)
	for _, args := range [][]string{{"nonsense"}, {"ls", "x"}, {"inspect"}, {"check"}, {"rm"}, {"ls", "--wrong"}, {"doctor", "x"}} {
		shmkit(t, 2, args...)
	}
	contains(t, shmkit(t, 1, "inspect", "none"), `not found`)
}

// numpy maps what Go made, sees it and changes it.
func TestNumpy(t *testing.T) {
	seg := sample(t)
	python := pythonWithNumpy(t)
	script := "import numpy as np\n"
	for _, line := range strings.Split(strings.TrimSpace(shmkit(t, 0, "inspect", "--numpy", "sample")), "\n") {
		expr, name, _ := strings.Cut(line, "  # ")
		script += name + " = " + expr + "\n"
	}
	script += "print(list(map(float, prices)), float(points['X'][0]), list(map(int, points['N'][0])), points['C'][0])\nprices[1] = 20\n"
	out, err := exec.Command(python, "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	if want := "[1.0, 2.0, 3.0] 1.5 [7, 8] b'x'\n"; string(out) != want {
		t.Errorf("numpy sees %q, want %q", out, want)
	}
	a, err := array.Open[float64](seg, "prices")
	must(t, err)
	defer a.Close()
	if a.At(1) != 20 {
		t.Errorf("Go sees %v", a.At(1))
	}
}

func pythonWithNumpy(t *testing.T) string {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import numpy").Run() == nil {
			return python
		}
	}
	t.Skip("no python3 with numpy on this machine")
	return ""
}

func TestSignatures(t *testing.T) {
	for sig, want := range map[string]string{
		"d":                "'<f8'",
		"(3)(2)h":          "np.dtype((np.dtype(('<i2', (2,))), (3,)))",
		"T{b:A:3xi:B:}":    "np.dtype({'names': ['A', 'B'], 'formats': ['i1', '<i4'], 'offsets': [0, 4], 'itemsize': 8})",
		"T{T{c:Q:}:In:7x}": "np.dtype({'names': ['In'], 'formats': [np.dtype({'names': ['Q'], 'formats': ['S1'], 'offsets': [0], 'itemsize': 1})], 'offsets': [0], 'itemsize': 8})",
		"Zd":               "'<c16'",
	} {
		p := &signature{rest: sig}
		got, _, err := p.item()
		if err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", sig, got, err, want)
		}
	}
	for _, sig := range []string{"", "x", "T{", "T{d", "T{d:", "T{d:a", "(", "(x)d", "(2", "T{d:a:3"} {
		p := &signature{rest: sig}
		if got, _, err := p.item(); err == nil {
			t.Errorf("%q gives %s", sig, got)
		}
	}
}
