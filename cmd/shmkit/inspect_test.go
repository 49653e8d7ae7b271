package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

func init() {
	shmtest.Register("hold", holdLock)
	shmtest.Register("abandon", abandon)
}

// holdLock takes the lock of a named segment and keeps it.
func holdLock(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	m, err := shsync.OpenMutex(seg, "lock")
	c.Must(err)
	c.Say("open")
	c.Must(m.Lock())
	c.Say("held")
	c.Park()
}

// abandon makes an anonymous segment that has a file.
func abandon(c *shmtest.Child) {
	v, err := value.New(int64(1))
	c.Must(err)
	h, err := v.Handle()
	c.Must(err)
	c.Say(h.Path)
	c.Park()
}

func TestLs(t *testing.T) {
	sample(t)
	junk := filepath.Join(shm.Dir(), "junk")
	must(t, os.WriteFile(junk, []byte("no segment"), 0o600))
	defer os.Remove(junk)
	contains(t, shmkit(t, 0, "ls"), `SEGMENT +SIZE +USED +ATTACHED +OBJECTS +AGE +KIND\n`,
		`sample +\S+ KiB +\S+ KiB +1 +4 +\S+ +named\n`, `junk .* file is too short for a segment: 10 bytes`)
	r := fromJSON[[]segmentRecord](t, shmkit(t, 0, "ls", "--json"))
	if len(r) != 2 || !strings.Contains(r[0].Error, "too short") || r[0].Objects == nil || r[1].Error != "" || len(r[1].Objects) != 4 {
		t.Errorf("%+v", r)
	}
	// Another directory.
	if r := fromJSON[[]segmentRecord](t, shmkit(t, 0, "--dir", t.TempDir(), "ls", "--json")); len(r) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestInspect(t *testing.T) {
	seg := sample(t)
	contains(t, shmkit(t, 0, "inspect", "sample"),
		regexp.QuoteMeta(seg.Path())+`\n  id `+seg.ID().String()+`, named, created \S+ ago`,
		fmt.Sprintf(`\n0 +%d +\S+ +Go +\S+ +alive `, os.Getpid()),
		`\n\d+ +lock +Mutex +- .* free\n`, `\n\d+ +pi +Value +d +1 `, `\n\d+ +prices +Array +d +3 `,
		`\n\d+ +points +Array +T\{d:X:\(2\)h:N:c:C:3x\} +1 `)
	for _, args := range [][]string{
		{"inspect", "--json", "sample"}, {"inspect", seg.Path(), "--json"}, {"--json", "inspect", "--", "sample"},
	} {
		r := fromJSON[segmentRecord](t, shmkit(t, 0, args...))
		if r.Path != seg.Path() || len(r.Participants) != 1 || !r.Participants[0].Alive || len(r.Objects) != 4 {
			t.Errorf("%v: %+v", args, r)
		}
	}
	contains(t, shmkit(t, 1, "inspect", "none"), `^shmkit: inspect \S+/none: .*not found`)
}

// A lock through its life: held, waited for, held by a dead process, taken over.
func TestInspectLock(t *testing.T) {
	seg := sample(t)
	holder := shmtest.Start(t, "hold", seg.Path())
	holder.Expect("open")
	holder.Expect("held")
	contains(t, shmkit(t, 0, "inspect", "sample"), fmt.Sprintf(`lock +Mutex .* held by pid %d\n`, holder.PID()))
	waiter := shmtest.Start(t, "hold", seg.Path())
	waiter.Expect("open")
	for !strings.Contains(shmkit(t, 0, "inspect", "sample"), "waited for") {
	}
	contains(t, shmkit(t, 0, "inspect", "sample"), fmt.Sprintf(`held by pid %d for at least \S+s, waited for\n`, holder.PID()))
	waiter.Kill()
	holder.Kill()
	contains(t, shmkit(t, 0, "inspect", "sample"), `held by pid \d+ \(dead\)`, fmt.Sprintf(`\n\d +%d .* dead `, holder.PID()))
	r := fromJSON[segmentRecord](t, shmkit(t, 0, "inspect", "--json", "sample"))
	if l := r.Objects[0].Lock; l.State != "held" || l.OwnerPID != uint32(holder.PID()) || l.OwnerSlot == nil || l.OwnerAlive {
		t.Errorf("%+v", l)
	}
	m, err := shsync.OpenMutex(seg, "lock")
	must(t, err)
	defer m.Close()
	if err := m.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
		t.Fatal(err)
	}
	must(t, m.MarkConsistent())
	must(t, m.Unlock())
	contains(t, shmkit(t, 0, "inspect", "sample"), `lock +Mutex .* free, taken over from the dead: 1\n`)
}

// Names come from shared memory, and end up on a terminal.
func TestControlCharacters(t *testing.T) {
	seg := sample(t)
	addArray(t, seg, "a\x1b[2J\nos.abort()", []int8{1})
	addArray(t, seg, "b\xff'", []int8{1})
	for _, args := range [][]string{{"inspect", "sample"}, {"inspect", "--numpy", "sample"}, {"inspect", "no\x1b\nne"}} {
		r := launch(t, args...)
		if strings.ContainsRune(r.out+r.errs, 0x1b) || strings.Contains(r.out, "\xff") || strings.Contains(r.out, "\nos.abort") || strings.Count(r.errs, "\n") > 1 {
			t.Errorf("%q: %q %q", args, r.out, r.errs)
		}
	}
	contains(t, shmkit(t, 0, "inspect", "sample"), `a\\x1b\[2J\\nos.abort\(\)`, `b\\xff'`)
}

// Whatever is in a file, the commands that look at it print lines, and never a
// panic.
func TestDamage(t *testing.T) {
	seg := sample(t)
	whole, err := os.ReadFile(seg.Path())
	must(t, err)
	path := filepath.Join(t.TempDir(), "damaged")
	r := rand.New(rand.NewPCG(1, 2))
	var places []int
	for off := 0; off < 256; off += 8 {
		places = append(places, off)
	}
	for range 40 {
		places = append(places, r.IntN(len(whole)/8)*8, layout.FirstArena+r.IntN(4096)*8)
	}
	for _, off := range places {
		b := append([]byte(nil), whole...)
		binary.LittleEndian.PutUint64(b[off:], r.Uint64()>>r.IntN(64))
		must(t, os.WriteFile(path, b, 0o600))
		for _, args := range [][]string{{"check", path}, {"inspect", path}, {"inspect", "--numpy", "--json", path}} {
			if got := launch(t, args...); got.status&^1 != 0 || strings.Count(got.errs, "\n") > 1 && args[1] != "--numpy" {
				t.Fatalf("word at %#x: %v: status %d\n%s", off, args, got.status, got.errs)
			}
		}
	}
	for size, want := range map[int]string{0: "too short", 4096: "too short", len(whole) - 4096: "header.End"} {
		must(t, os.WriteFile(path, whole[:size], 0o600))
		contains(t, shmkit(t, 1, "inspect", path), `^shmkit: inspect `+path+`: .*`+want)
	}
}

func TestCheck(t *testing.T) {
	seg := sample(t)
	contains(t, shmkit(t, 0, "check", "sample", seg.Path()), `^sample: sound\n`, regexp.QuoteMeta(seg.Path())+`: sound\n$`)
	damaged := filepath.Join(t.TempDir(), "damaged")
	b, err := os.ReadFile(seg.Path())
	must(t, err)
	b[0] ^= 1
	must(t, os.WriteFile(damaged, b, 0o600))
	contains(t, shmkit(t, 1, "check", "sample", damaged), `sample: sound\n`, `damaged: unsound: not a segment: magic 0x`)
	b[0] ^= 1
	b[512] = 7 // into a name chain
	must(t, os.WriteFile(damaged, b, 0o600))
	contains(t, shmkit(t, 1, "check", damaged), `damaged: directory: `)
	r := fromJSON[[]checkRecord](t, shmkit(t, 1, "check", "--json", damaged, "none"))
	if len(r) != 2 || len(r[0].Violations) == 0 || !strings.HasPrefix(r[1].Error, "not found") {
		t.Errorf("%+v", r)
	}
}

func TestDoctor(t *testing.T) {
	seg := sample(t)
	holder := shmtest.Start(t, "hold", seg.Path())
	holder.Expect("open")
	holder.Expect("held")
	lost := shmtest.Start(t, "abandon")
	path := lost.Line()
	contains(t, shmkit(t, 0, "doctor"), `removed: 0\n.* cleaned up: 0\n`, `sample: sound\n`)
	if _, err := os.Stat(path); err != nil {
		t.Error("a segment in use:", err)
	}
	holder.Kill()
	lost.Kill()
	r := fromJSON[doctorRecord](t, shmkit(t, 0, "doctor", "--json"))
	if r.Removed != 1 || r.Swept != 1 || len(r.Segments) != 1 {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("left:", path)
	}
	contains(t, shmkit(t, 0, "inspect", "sample"), `lock +Mutex .* owner died\n`)
	junk := filepath.Join(shm.Dir(), "junk")
	must(t, os.WriteFile(junk, nil, 0o600))
	defer os.Remove(junk)
	contains(t, shmkit(t, 1, "doctor"), `junk: unsound: file is too short`, `sample: sound`)
}

func TestRm(t *testing.T) {
	seg := sample(t)
	contains(t, shmkit(t, 0, "rm", "sample#pi"), `^removed sample#pi\n$`)
	if _, err := value.Open[float64](seg, "pi"); !errors.Is(err, shm.ErrNotFound) {
		t.Errorf("the object is still there: %v", err)
	}
	contains(t, shmkit(t, 1, "rm", "sample#pi"), `^shmkit: remove \S+/sample#pi: .*not found`)
	// One that fails does not save the others.
	r := fromJSON[removeRecord](t, shmkit(t, 1, "rm", "--json", "none", "sample#points"))
	if len(r.Failed) != 1 || r.Failed[0].Name != "none" || len(r.Removed) != 1 {
		t.Errorf("%+v", r)
	}
	if out := shmkit(t, 1, "rm", "none", "none#object", "sample#prices"); strings.Count(out, "\n") != 3 {
		t.Error(out)
	}
	contains(t, shmkit(t, 0, "rm", "sample"), `^removed sample\n$`)
	contains(t, shmkit(t, 1, "rm", "sample"), `not found`)
}

func TestRmForce(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "ju#nk")
	must(t, os.WriteFile(junk, make([]byte, 1<<20), 0o600))
	contains(t, shmkit(t, 1, "rm", junk), `not a segment`)
	shmkit(t, 0, "rm", "--force", junk)
	if _, err := os.Stat(junk); err == nil {
		t.Error("still there")
	}
	shmkit(t, 1, "rm", "--force", dir)
	if _, err := os.Stat(dir); err != nil {
		t.Error("a directory is gone")
	}
}
