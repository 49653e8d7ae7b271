//go:build linux && (amd64 || arm64)

package crash_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
)

// The lab itself: it sees each store and each system call, in order.
func TestEventsAreSeen(t *testing.T) {
	shmtest.Need("victim")
	for name, want := range map[string]string{
		"mutex.Lock":                 "Mutex.Word",
		"mutex.Unlock":               "Mutex.Word",
		"mutex.Close of a held lock": "futex Mutex.Word Object.Holders",
		"value.Add":                  "payload",
		"C: mutex_lock":              "Mutex.Word",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, find(name))
			if s.op.c {
				s.program = cVictim(t)(t)
			}
			var got []string
			for _, e := range s.survey().events {
				got = append(got, e.String())
			}
			if !strings.HasPrefix(strings.Join(got, " ")+" ", want+" ") {
				t.Errorf("events %q, want %q first", got, want)
			}
		})
	}
}

// A sleep is an event, and whoever is killed there is really asleep.
func TestSleepIsAnEvent(t *testing.T) {
	s := newScene(t, find("mutex.Lock that waits"))
	events := s.survey().events
	for k, e := range events {
		if !e.Asleep {
			continue
		}
		v := s.to(k+1, events, false)
		if !s.lock.Info().Waiters {
			t.Error("nobody waits for the lock")
		}
		s.end(v)
		s.look("killed asleep")
		return
	}
	t.Errorf("no sleep in %v", events)
}

// faults are operations that break a law, each in its way. TestTheLabBites runs the
// lab on them in another process and wants it to complain.
var faults = []struct {
	op   operation
	says string
}{
	{operation{name: "leaves a file", prepare: func(v *victim) func() {
		v.attach()
		return func() { v.Must(os.WriteFile(v.dir+"/stray", nil, 0o600)) }
	}}, "file stray is left"},
	{operation{name: "leaves an object", prepare: func(v *victim) func() {
		seg := v.attach()
		return func() {
			_, err := seg.NewObject("stray", bytesSpec(1), nil)
			v.Must(err)
		}
	}}, "objects are left"},
	{operation{name: "tears a value", prepare: func(v *victim) func() {
		v.attach()
		return func() { v.value.Pointer()[3]++ }
	}}, "torn"},
	{operation{name: "damages the segment", prepare: func(v *victim) func() {
		v.attach()
		return func() {
			f, err := os.OpenFile(filepath.Join(v.dir, segName), os.O_RDWR, 0)
			v.Must(err)
			_, err = f.WriteAt([]byte{7}, int64(layout.ParticipantOff(900)))
			v.Must(err)
		}
	}}, "participant[900]: State = 7"},
	{operation{name: "adds twice", prepare: func(v *victim) func() {
		v.attach()
		return func() { v.count.Add(2) }
	}}, "count is 3, was 1"},
	{operation{name: givenUp, prepare: func(v *victim) func() { return func() {} }}, givenUp},
}

// givenUp is no fault of an operation: the test fails while the victim is traced.
const givenUp = "given up"

const faultEnv = "SHMKIT_CRASH_FAULT"

// fault is the operation that TestTheLabBites asks for, if this process is for that.
func fault() (ops []operation) {
	for _, f := range faults {
		if f.op.name == os.Getenv(faultEnv) {
			ops = append(ops, f.op)
		}
	}
	return ops
}

// TestFault is not for everyday: it fails.
func TestFault(t *testing.T) {
	name := os.Getenv(faultEnv)
	if name == "" {
		t.Skip("for TestTheLabBites, which runs it with a fault")
	}
	s := newScene(t, find(name))
	if name == givenUp {
		s.start(false)
		t.Fatal(name) // and does not hang
	}
	s.survey()
}

func TestTheLabBites(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the test binary: not with -short")
	}
	for _, f := range faults {
		t.Run(f.op.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFault$")
			cmd.Env = append(os.Environ(), faultEnv+"="+f.op.name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), f.says) {
				t.Errorf("%v; want a complaint with %q in\n%s", err, f.says, out)
			}
		})
	}
}
