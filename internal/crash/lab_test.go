//go:build linux && (amd64 || arm64)

package crash_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"shmkit/internal/crash"
	"shmkit/internal/shmtest"
	"shmkit/shm"
)

var (
	full = flag.Bool("full", false, "kill and freeze at every point, not at a sample")
	seed = flag.Uint64("seed", 0, "seed of the sample; 0 for a new one")
)

func TestMain(m *testing.M) { shmtest.Main(m, shm.CloseDefault) }

func init() { shmtest.OnHang(func() { shm.Dump(os.Stderr) }) }

// operation is something that a process may be killed in.
type operation struct {
	name string
	// brief: the operation has few instructions, and is killed at each that is its own.
	brief bool
	// shows is what of the survivor's report depends on the point.
	shows []string
	// stage runs in the test before each victim, if there is something to prepare
	// that the victim cannot.
	stage func(s *scene)
	// meanwhile runs in the test when the victim has called wait.
	meanwhile func(s *scene)
	// prepare runs in the victim before it is traced and gives what is traced.
	prepare func(v *victim) (run func())
	// rouse ends the sleep that run comes to, in the test.
	rouse func(s *scene)
	// c: the victim is the C program of testdata, which knows the operation by name.
	c bool
}

// points is what is known of one operation after it ran once, undisturbed.
type points struct {
	events []crash.Event // in order
	steps  [][]uint64    // addresses of its instructions behind each of them, if it is brief
}

// step is so many instructions behind an event.
type step struct{ event, instructions int }

func (p *points) allSteps() (all []step) {
	for k, done := range p.steps {
		for n := range done {
			all = append(all, step{k, n + 1})
		}
	}
	return all
}

// drawSeed is the seed of the run, which it prints.
func drawSeed(t *testing.T) uint64 {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d (set it with -seed)", *seed)
	return *seed
}

// quickOperations is how many operations a sample has, so that it takes less than a
// minute; another one each time.
const quickOperations = 60

// sample chooses which of n points are tried: all with -full.
func sample(r *rand.Rand, n, quick int) []int {
	all := r.Perm(n)
	if !*full {
		all = all[:min(n, quick)]
	}
	slices.Sort(all)
	return all
}

// Each operation is killed, and frozen by SIGSTOP, at every point with -full, else
// at a sample of them. The laws:
//   - Check finds nothing, neither before nor after anybody has cleaned up;
//   - survivors in other processes, who attach, lock, create, open, read, write and
//     remove, are never held up by the dead, nor by the frozen where that is
//     promised (see resident.frozen);
//   - each object is as before the operation or as after it;
//   - afterwards no slot, object, block, file or descriptor is left.
func TestEveryPoint(t *testing.T) {
	shmtest.Need("victim", "corpse", "resident", "visitor")
	if testing.Short() {
		t.Skip("starts some hundred processes: not with -short")
	}
	drawSeed(t)
	var m matrix
	program := cVictim(t)
	all := operations()
	chosen := sample(rand.New(rand.NewPCG(*seed, 0)), len(all), quickOperations)
	t.Logf("%d of %d operations", len(chosen), len(all))
	for _, i := range chosen {
		op := all[i]
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, op)
			if op.c {
				s.program = program(t)
			}
			m.add(tryOperation(s, rand.New(rand.NewPCG(*seed, uint64(len(op.name))))))
		})
	}
	t.Cleanup(func() { m.settle(t) })
}

func tryOperation(s *scene, r *rand.Rand) *record {
	rec := &record{op: s.op, points: s.survey(), killed: map[int]report{}, frozen: map[int]report{}}
	for i, k := range sample(r, len(rec.events)+1, 2) {
		where := "before it begins"
		if k > 0 {
			where = fmt.Sprintf("event %d of %d, %s in %s", k, len(rec.events), rec.events[k-1], rec.where(k))
		}
		s.kill(k, rec.events)
		rec.killed[k] = s.look("killed at " + where)
		if *full || i == 0 {
			rec.frozen[k] = s.freeze(k, rec.events, "frozen at "+where)
		}
		if *full || i == 1 {
			// Now it is one who was there already that meets what the dead left.
			s.kill(k, rec.events)
			s.ask(s.resident, "give", where)
			s.ask(s.resident, "got", where)
			s.ask(s.resident, "look", "killed at "+where+", the resident is first")
			s.look("killed at " + where + ", the resident was first")
		}
	}
	steps := rec.allSteps()
	for _, i := range sample(r, len(steps), 2) {
		k, n := steps[i].event, steps[i].instructions
		s.killAfter(k, rec.events, rec.steps[k][:n])
		s.look(fmt.Sprintf("killed at instruction %d after event %d", n, k))
		rec.stepped++
	}
	s.audit()
	s.t.Logf("%-34s %3d events, %3d instructions; killed at %d events and %d instructions, frozen at %d",
		s.op.name, len(rec.events), len(steps), len(rec.killed), rec.stepped, len(rec.frozen))
	return rec
}

// watch ends a test that hangs, with all goroutines and the segment, before go test
// does.
func (s *scene) watch() {
	limit := 8 * time.Minute
	if *full {
		limit = 20 * time.Minute
	}
	shmtest.Watchdog(s.t, limit, func() {
		info, err := s.seg.Info()
		fmt.Fprintf(os.Stderr, "%s: segment: %+v %v\n", s.op.name, info, err)
		found, err := s.seg.Check()
		fmt.Fprintf(os.Stderr, "%s: check: %v %v\n", s.op.name, found, err)
	})
}

// report is what a survivor saw: "name=state;name=state".
type report string

func (r report) only(names []string) string {
	var out []string
	for _, word := range strings.Split(string(r), ";") {
		if name, state, _ := strings.Cut(word, "="); slices.Contains(names, name) {
			out = append(out, name+": "+state)
		}
	}
	return strings.Join(out, ", ")
}

// waits names what a frozen process holds.
func (r report) waits() string {
	if r == "" {
		return nobody
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(r), "=held", ""), ";", ", ")
}
