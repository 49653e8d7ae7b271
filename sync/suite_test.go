package sync_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// The suite plays one script in several worlds: goroutines of this process, each
// with a handle of its own; processes; processes of which every other one is written
// in C. Actors use one object; each does what it is told, one call after the other,
// and answers each with one line.

func init() { shmtest.Register("actor", performInProcess) }

// performer is what the suite knows of one kind of object.
type performer struct {
	// make makes the object that the actors share.
	make func(seg *shm.Segment, name string) (shared, error)
	// open gives a handle from its text, and what it does when it is told to: args
	// are the call and its arguments, the answer is one line.
	open func(text string) (handle closer, do func(args []string) string, err error)
	// inC tells that include/testdata/actor.c can do the same.
	inC bool
}

type closer interface{ Close() error }

type shared interface {
	closer
	MarshalText() ([]byte, error)
}

// performers by kind. Each adds itself, in the file that has its tests.
var performers = map[string]performer{}

// outcomes are the names of the errors in answers, in C and in Go.
var outcomes = map[string]error{
	"died": shsync.ErrOwnerDied, "unrecoverable": shsync.ErrNotRecoverable, "notheld": shsync.ErrNotHeld,
	"timeout": context.DeadlineExceeded, "closed": shsync.ErrClosed,
	"toomany": shsync.ErrTooMany, "count": shsync.ErrCount,
}

// outcome is err in an answer.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	for name, e := range outcomes {
		if errors.Is(err, e) {
			return name
		}
	}
	return err.Error()
}

// limit is the context of a call whose argument i, if it is there, is a time limit in
// milliseconds.
func limit(args []string, i int) (context.Context, context.CancelFunc) {
	if i >= len(args) {
		return context.WithCancel(context.Background())
	}
	ms, _ := strconv.Atoi(args[i])
	return context.WithTimeout(context.Background(), time.Duration(ms)*time.Millisecond)
}

// player is an actor as the test sees it.
type player struct {
	t        testing.TB
	seg      *shm.Segment
	name     string
	pid      int
	tell     func(line string)
	answered chan string // one answer for each call, capacity 1
	kill     func()      // nil: it cannot die alone
}

// begin tells a to do something, and does not wait for the answer.
func (a *player) begin(call string) { a.tell(call) }

// block is begin of a call that must wait: it returns once a has slept in it.
func (a *player) block(call string) {
	a.t.Helper()
	before := a.sleeps()
	a.begin(call)
	for a.sleeps() == before {
		time.Sleep(100 * time.Microsecond)
	}
}

// answers fails the test unless the answer to what a began is want.
func (a *player) answers(want string) {
	a.t.Helper()
	if got := <-a.answered; got != want {
		a.t.Fatalf("%s answered %q, want %q", a.name, got, want)
	}
}

// do fails the test unless a answers call with want.
func (a *player) do(call, want string) {
	a.t.Helper()
	a.begin(call)
	if got := <-a.answered; got != want {
		a.t.Fatalf("%s: %s answered %q, want %q", a.name, call, got, want)
	}
}

// sleeps counts the calls in which the process of a has slept.
func (a *player) sleeps() uint64 {
	info, err := a.seg.Info()
	must(a.t, err)
	for _, p := range info.Participants {
		if p.Alive && int(p.PID) == a.pid {
			return p.Sleeps
		}
	}
	return 0
}

// stage is one world with its actors and the object that they share.
type stage struct {
	t      testing.TB
	seg    *shm.Segment
	object shared
	actors []*player
}

// everywhere plays a scene with n actors in each world.
func everywhere(t *testing.T, kind string, n int, scene func(s *stage)) {
	t.Helper()
	inWorlds(t, kind, n, false, scene)
}

// withDeaths plays a scene in which actors are killed, in the worlds of processes.
func withDeaths(t *testing.T, kind string, n int, scene func(s *stage)) {
	t.Helper()
	inWorlds(t, kind, n, true, scene)
}

func inWorlds(t *testing.T, kind string, n int, deaths bool, scene func(s *stage)) {
	t.Helper()
	worlds := []struct {
		name string
		cast func(s *stage, i int) *player
	}{
		{"goroutines", func(s *stage, i int) *player { return s.goroutine(kind, i) }},
		{"processes", func(s *stage, i int) *player { return s.process(kind, i) }},
		{"c", func(s *stage, i int) *player {
			if i%2 == 1 {
				return s.program(kind, i)
			}
			return s.process(kind, i)
		}},
	}
	shmtest.Need("actor")
	for _, w := range worlds {
		if w.name == "c" && !performers[kind].inC || w.name == "goroutines" && deaths {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			watchdog(t)
			s := newStage(t, kind)
			for i := range n {
				s.actors = append(s.actors, w.cast(s, i))
			}
			scene(s)
		})
	}
}

func newStage(t testing.TB, kind string) *stage {
	t.Helper()
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	s := &stage{t: t, seg: seg}
	s.object, err = performers[kind].make(seg, "it")
	must(t, err)
	t.Cleanup(func() {
		must(t, s.object.Close())
		found, err := seg.Check()
		if err != nil || len(found) > 0 {
			t.Errorf("Check: %v %v", found, err)
		}
		must(t, seg.Close())
	})
	return s
}

func (s *stage) text() string {
	b, err := s.object.MarshalText()
	must(s.t, err)
	return string(b)
}

func (s *stage) goroutine(kind string, i int) *player {
	handle, do, err := performers[kind].open(s.text())
	must(s.t, err)
	calls, answered := make(chan string, 1), make(chan string, 1)
	var ended sync.WaitGroup
	ended.Go(func() {
		for call := range calls {
			answered <- do(strings.Fields(call))
		}
		handle.Close()
	})
	s.t.Cleanup(func() { close(calls); ended.Wait() })
	return &player{
		t: s.t, seg: s.seg, name: fmt.Sprintf("goroutine %d", i), pid: os.Getpid(),
		tell: func(line string) { calls <- line }, answered: answered,
	}
}

func (s *stage) process(kind string, i int) *player {
	p := shmtest.Start(s.t, "actor", kind, s.text())
	return s.other(p, fmt.Sprintf("process %d", i))
}

func (s *stage) program(kind string, i int) *player {
	p := shmtest.StartCommand(s.t, exec.Command(actorInC(s.t), kind, s.seg.Path(), "it"))
	return s.other(p, fmt.Sprintf("C program %d", i))
}

func (s *stage) other(p *shmtest.Process, name string) *player {
	p.Expect("ready")
	answered := make(chan string, 1)
	return &player{
		t: s.t, seg: s.seg, name: name, pid: p.PID(), kill: p.Kill, answered: answered,
		tell: func(line string) {
			p.Send(line)
			go func() {
				answer, ok := p.Next()
				if !ok {
					answer = "(ended)"
				}
				answered <- answer
			}()
		},
	}
}

// performInProcess is the actor that is a process.
func performInProcess(c *shmtest.Child) {
	_, do, err := performers[c.Args[0]].open(c.Args[1])
	c.Must(err)
	c.Say("ready")
	for {
		c.Say(do(strings.Fields(c.Hear())))
	}
}

// compiled is the actor in C.
var compiled struct {
	mu      sync.Mutex
	program []byte
}

// actorInC compiles the actor once a run.
func actorInC(t testing.TB) string {
	t.Helper()
	compiled.mu.Lock()
	defer compiled.mu.Unlock()
	path := filepath.Join(t.TempDir(), "actor")
	if compiled.program == nil {
		b, err := os.ReadFile(shmtest.BuildC(t, filepath.Join("..", "include", "testdata", "actor.c")))
		must(t, err)
		compiled.program = b
	}
	must(t, os.WriteFile(path, compiled.program, 0o700))
	return path
}

// step is one line of a script: actor who makes the call, and answers it with want.
type step struct {
	who  int
	call string
	want string
}

// Instead of an answer:
const (
	sleeps = "(sleeps)" // the call waits
	ends   = "(ends)"   // instead of a call: that of the actor which waited answers now
	dies   = "(dies)"   // instead of a call: the actor is killed
)

// play plays a script.
func (s *stage) play(script ...step) {
	s.t.Helper()
	for _, st := range script {
		switch a := s.actors[st.who]; {
		case st.call == dies:
			a.kill()
		case st.call == ends:
			a.answers(st.want)
		case st.want == sleeps:
			a.block(st.call)
		default:
			a.do(st.call, st.want)
		}
	}
}

var _ = gather // for objects that answer several at once

// gather is the answers of actors, who have all begun something, sorted.
func gather(actors ...*player) []string {
	var all []string
	for _, a := range actors {
		all = append(all, <-a.answered)
	}
	slices.Sort(all)
	return all
}

// first waits for the first answer of actors who have begun something, and tells
// whose it is.
func first(actors ...*player) (winner int, answer string) {
	var cases []reflect.SelectCase
	for _, a := range actors {
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(a.answered)})
	}
	winner, got, _ := reflect.Select(cases)
	return winner, got.String()
}
