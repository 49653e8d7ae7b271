//go:build linux && (amd64 || arm64)

package crash_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"shmkit/internal/crash"
	"shmkit/internal/shmtest"
	"shmkit/shm"
)

// scene is a segment that victims are killed on, and those who survive.
type scene struct {
	t        *testing.T
	op       operation
	program  string // the victim in C
	dir      string
	seg      *shm.Segment
	cast     // the test's own handles
	phase    *phase
	resident *shmtest.Process // stays attached
	visitor  *shmtest.Process // attaches and leaves, each time
	base     *shm.Info
	elder    *shmtest.Process // see elderWaits
}

// Files of a scene. Whatever else is there after a look was left by the dead.
const (
	segName     = "seg"
	createdName = "created"
)

const (
	sameWays = 3  // in a row are the way that an operation goes
	tries    = 25 // for what other threads and processes can disturb
)

func newScene(t *testing.T, op operation) *scene {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir()) // the kernel's name of it
	must(t, err)
	s := &scene{t: t, op: op, dir: dir}
	seg, err := shm.Create(filepath.Join(s.dir, segName), shm.WithSize(4096), shm.WithMaxSize(1<<30))
	must(t, err)
	s.seg = seg
	t.Cleanup(func() { must(t, seg.Close()) })
	must(t, s.cast.create(seg))
	t.Cleanup(func() { must(t, s.cast.close()) })
	s.phase = newPhase(t, s.dir)
	s.watch()
	s.resident = shmtest.Start(t, "resident", s.dir)
	s.resident.Expect("here")
	s.visitor = shmtest.Start(t, "visitor", s.dir)
	s.visitor.Expect("here")
	s.settle()
	s.base, err = seg.Info()
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// traced is a victim at the first instruction of its operation.
type traced struct {
	*crash.Tracer
	process *shmtest.Process
}

// start brings a new victim there; step says that it will be stepped through.
func (s *scene) start(step bool) traced {
	s.t.Helper()
	if s.op.stage != nil {
		s.op.stage(s)
	}
	s.phase.set(waiting)
	var p *shmtest.Process
	if s.op.c {
		p = shmtest.StartCommand(s.t, exec.Command(s.program, s.dir, s.op.name))
	} else {
		handle, err := s.other.MarshalText()
		must(s.t, err)
		p = shmtest.StartWith(s.t, s.quiet, "victim", s.dir, s.op.name, string(handle))
	}
	if s.op.meanwhile != nil {
		p.Expect("waits")
		s.op.meanwhile(s)
		s.phase.set(waiting)
		p.Send("go on")
	}
	var pid, tid int
	if line := p.Line(); scan(line, &pid, &tid) != nil {
		s.t.Fatalf("victim said %q", line)
	}
	tr, err := crash.Attach(pid, tid)
	must(s.t, err)
	s.t.Cleanup(tr.End) // before the process is waited for
	if step && !s.op.c {
		must(s.t, tr.Hold(monitor(s.t, pid)))
	}
	s.phase.set(running)
	must(s.t, tr.Await(syscall.SYS_GETPPID)) // the last thing before that
	_, err = tr.Step(1<<10, every, func() bool { return s.phase.is(begun) })
	must(s.t, err)
	if s.op.rouse != nil {
		tr.Rouse = func() { s.op.rouse(s) }
	}
	return traced{tr, p}
}

// monitor is the thread of a Go process that preempts goroutines which seem to run
// for long, as a stepped one does: the runtime makes it first. The kernel lists threads
// in the order in which they were made; their numbers wrap around.
func monitor(t *testing.T, pid int) int {
	t.Helper()
	dir, err := os.Open(fmt.Sprintf("/proc/%d/task", pid))
	must(t, err)
	defer dir.Close()
	tasks, err := dir.Readdirnames(2)
	must(t, err)
	tid, err := strconv.Atoi(tasks[len(tasks)-1])
	must(t, err)
	return tid
}

func scan(line string, to ...any) error {
	_, err := fmt.Sscan(line, to...)
	return err
}

// quiet keeps the runtime from preempting a thread that seems to run for long: it
// would be stepped through signal handlers for ever.
func (s *scene) quiet(cmd *exec.Cmd) {
	cmd.Env = append(cmd.Env, "GODEBUG=asyncpreemptoff=1", "GOGC=off", "SHMKIT_DIR="+s.dir)
}

func (s *scene) isOver() bool { return s.phase.is(over) }

// survey runs the operation to its end from event to event, until it goes the same way
// so many times in a row: the first run finds another heap than those that follow, and on
// a busy machine one who is to be woken may look around just then. If it has few
// instructions it is then run by these.
func (s *scene) survey() (p points) {
	s.t.Helper()
	var err error
	sameWay := func(a, b crash.Event) bool { return a.String() == b.String() }
	for n, same := 0, 0; same < sameWays; n++ {
		v := s.start(false)
		must(s.t, v.Guard(s.dir, phaseName))
		before := p.events
		p.events = nil
		_, err = v.Run(1<<30, s.isOver, func(e crash.Event) { p.events = append(p.events, e) })
		must(s.t, err)
		s.end(v)
		s.look("over")
		if same++; n == 0 || !slices.EqualFunc(before, p.events, sameWay) {
			same = 1
		}
		if n == tries {
			s.lost()
		}
	}
	if s.op.brief {
		p.steps = s.surveySteps(p.events)
	}
	return p
}

// surveySteps runs the operation to its end by instructions, until it goes the same way
// twice in a row.
func (s *scene) surveySteps(events []crash.Event) (steps [][]uint64) {
	s.t.Helper()
	for n := 0; ; n++ {
		v := s.start(true)
		must(s.t, v.Guard(s.dir, phaseName))
		before := steps
		steps = nil
		for {
			done, err := v.Step(1<<30, s.op.own, s.isOver)
			must(s.t, err)
			steps = append(steps, done)
			if n, err := v.Run(1, s.isOver, nil); n == 0 {
				must(s.t, err)
				break
			}
		}
		s.end(v)
		s.look("over")
		if len(steps) == len(events)+1 && slices.EqualFunc(before, steps, slices.Equal) {
			return steps
		}
		if n == tries {
			s.lost()
		}
	}
}

func (s *scene) end(v traced) {
	s.t.Helper()
	must(s.t, v.Kill())
	v.process.Kill()
}

// to brings a new victim right behind its event k; the events before it must be
// those of the survey. A sleep is reached without guards: the kernel could not tell
// of the sleeper's death through them.
func (s *scene) to(k int, events []crash.Event, step bool) traced {
	s.t.Helper()
	for range tries {
		v := s.start(step)
		want := k
		if k > 0 && events[k-1].Asleep {
			must(s.t, v.Watch(s.dir, phaseName))
			want = 0
			for _, e := range events[:k] {
				if !e.Store {
					want++
				}
			}
		} else {
			must(s.t, v.Guard(s.dir, phaseName))
		}
		var last crash.Event
		n, err := v.Run(want, s.isOver, func(e crash.Event) { last = e })
		must(s.t, err)
		if n == want && (k == 0 || last.String() == events[k-1].String()) {
			return v
		}
		s.t.Logf("event %d was %v and is %v now (%d of %d): once more", k, events[k-1], last, n, want)
		s.end(v)
		s.look("killed on another way")
	}
	s.lost()
	panic("unreachable")
}

// lost ends the test of an operation that takes another way each time, as one that
// waits may on a busy machine. A sample can do without it.
func (s *scene) lost() {
	s.t.Helper()
	if *full {
		s.t.Fatalf("%s takes another way each time", s.op.name)
	}
	s.t.Skipf("%s takes another way each time: left to -full", s.op.name)
}

// kill kills a victim right behind its event k.
func (s *scene) kill(k int, events []crash.Event) {
	s.t.Helper()
	s.end(s.to(k, events, false))
}

// killAfter kills a victim when it has executed these instructions behind its event k.
func (s *scene) killAfter(k int, events []crash.Event, instructions []uint64) {
	s.t.Helper()
	for range tries {
		v := s.to(k, events, true)
		done, err := v.Step(len(instructions), s.op.own, s.isOver)
		must(s.t, err)
		s.end(v)
		if slices.Equal(done, instructions) {
			return
		}
		s.t.Logf("behind event %d it went %s: once more", k, s.op.fork(done, instructions))
		s.look("killed on another way")
	}
	s.lost()
}

// killIn kills a process behind event k of another operation. Nobody looks.
func (s *scene) killIn(name string, k int) {
	s.t.Helper()
	first := *s
	first.op = find(name)
	v := first.start(false)
	must(s.t, v.Guard(s.dir, phaseName))
	_, err := v.Run(k, s.isOver, nil)
	must(s.t, err)
	s.end(v)
}

// freeze stops a victim right behind its event k, lets the others work meanwhile,
// and lets it go on to the end of its operation.
// It reports what the others had to wait for.
func (s *scene) freeze(k int, events []crash.Event, where string) report {
	s.t.Helper()
	v := s.to(k, events, false)
	must(s.t, v.Freeze())
	s.sound(where)
	waits := s.ask(s.resident, "frozen", where)
	s.ask(s.visitor, "frozen", where)
	v.process.Cont()
	if s.op.rouse != nil {
		s.op.rouse(s)
	}
	v.process.Expect("over")
	v.process.Kill()
	s.look(where + ", then continued")
	return waits
}

// ask lets a survivor do something, and gives its report.
func (s *scene) ask(p *shmtest.Process, what, where string) report {
	s.t.Helper()
	p.Send(what)
	line := p.Line()
	result, ok := strings.CutPrefix(line, "ok ")
	if !ok {
		s.t.Fatalf("%s: %s: %s", s.op.name, where, line)
	}
	return report(result)
}

// look is what must hold after each kill, before anybody cleans up and after.
func (s *scene) look(where string) report {
	s.t.Helper()
	if s.elder != nil {
		s.elder.Kill()
	}
	s.sound(where + ", nobody has cleaned up yet")
	s.ask(s.resident, "give", where)
	got := s.ask(s.resident, "got", where)
	r := s.ask(s.visitor, "look", where)
	if got != "" { // it had the lock before the visitor
		_, rest, _ := strings.Cut(string(r), ";")
		r = got + report(";"+rest)
	}
	s.ask(s.resident, "look", where)
	s.sound(where + ", after the survivors")
	info, err := s.seg.Info()
	must(s.t, err)
	if len(info.Participants) != len(s.base.Participants) || len(info.Objects) != len(s.base.Objects) {
		s.t.Fatalf("%s: %d participants and %d objects are left, want %d and %d", where,
			len(info.Participants), len(info.Objects), len(s.base.Participants), len(s.base.Objects))
	}
	s.files(where)
	return r
}

func (s *scene) sound(where string) {
	s.t.Helper()
	found, err := s.seg.Check()
	must(s.t, err)
	for _, v := range found {
		s.t.Fatalf("%s: %s: %v", s.op.name, where, v)
	}
}

func (s *scene) files(where string) {
	s.t.Helper()
	entries, err := os.ReadDir(s.dir)
	must(s.t, err)
	for _, e := range entries {
		if n := e.Name(); n != segName && n != phaseName {
			s.t.Fatalf("%s: %s: file %s is left", s.op.name, where, n)
		}
	}
}

// settle makes the heap find what the dead left: an allocation that no free block
// can hold looks at every arena first.
func (s *scene) settle() {
	s.t.Helper()
	s.ask(s.resident, "settle", "settling")
}

// audit is what must hold when all is over: no block is left.
func (s *scene) audit() {
	s.t.Helper()
	s.settle()
	info, err := s.seg.Info()
	must(s.t, err)
	if info.Heap.Blocks != s.base.Heap.Blocks {
		s.t.Errorf("%d blocks are in use, %d were at the beginning", info.Heap.Blocks, s.base.Heap.Blocks)
	}
	s.sound("at the end")
}

// corpse starts a process that does something to the segment, and kills it.
func (s *scene) corpse(what string) {
	s.t.Helper()
	p := shmtest.StartWith(s.t, s.quiet, "corpse", s.dir, what)
	p.Expect("done")
	p.Signal(syscall.SIGKILL)
	p.Kill()
}
