package include_test

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/shm"
	"shmkit/value"
)

type large struct{ W [5]uint64 }

func (l large) uniform() bool {
	for _, w := range l.W {
		if w != l.W[0] {
			return false
		}
	}
	return true
}

// C programs are killed while they store a large Value; Go, and the next C
// program, see whole values only, and Go's stores go on.
func TestCNeverTearsAValue(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	program := shmtest.BuildC(t, filepath.Join("testdata", "whole.c"))
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	if err != nil {
		t.Fatal(err)
	}
	defer seg.Close()
	v, err := value.NewIn(seg, "large", large{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	kills := 40
	if testing.Short() {
		kills = 8
	}
	for k := range kills {
		p := shmtest.StartCommand(t, exec.Command(program, seg.Path()))
		p.Expect("running")
		for n := range 50 + 61*(k%7) {
			if x := v.Load(); !x.uniform() {
				t.Fatalf("torn: %v", x)
			}
			if n%16 == 0 {
				x := uint64(1000000 + n)
				v.Store(large{[5]uint64{x, x, x, x, x}})
			}
		}
		p.Kill()
	}
	if x := v.Load(); !x.uniform() {
		t.Fatalf("torn at the end: %v", x)
	}
	found, err := seg.Check()
	if err != nil || len(found) > 0 {
		t.Errorf("Check: %v %v", found, err)
	}
}
