package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/process"
	"shmkit/ring"
	"shmkit/value"
)

type shape struct {
	Word  string
	List  []int
	Map   map[string]float64
	Bytes []byte
	Count *value.Value[int64]
}

var (
	errOurs  = errors.New("one of ours")
	square   = process.RegisterFunc("square", func(_ context.Context, x int) (int, error) { return x * x, nil })
	turn     = process.RegisterFunc("turn", turnShape)
	fail     = process.Register("fail", failAs)
	crash    = process.Register("crash", crashAs)
	exit     = process.Register("exit", func(_ context.Context, code int) error { os.Exit(code); return nil })
	park     = process.Register("park", func(ctx context.Context, say *ring.Queue[int64]) error { return parkAndSay(ctx, say) })
	untilEnd = process.Register("until", func(ctx context.Context, _ bool) error { <-ctx.Done(); return context.Cause(ctx) })
	tell     = process.RegisterFunc("tell", tellWho)
)

func init() { process.RegisterError("test.ours", errOurs) }

func turnShape(_ context.Context, s shape) (shape, error) {
	s.Word += " turned"
	s.Count.Add(1)
	s.Count = nil
	return s, nil
}

func failAs(_ context.Context, how string) error {
	switch how {
	case "ours":
		return fmt.Errorf("it went wrong: %w", errOurs)
	case "file":
		_, err := os.Open("/does/not/exist")
		return err
	}
	return errors.New(how)
}

// parkAndSay says who it is, and goes on for ever.
func parkAndSay(_ context.Context, say *ring.Queue[int64]) error {
	if err := say.Put(int64(os.Getpid())); err != nil {
		return err
	}
	select {}
}

type who struct {
	PID, Parent        int
	Name, ParentName   string
	Daemon, HasParent  bool
	ParentAlive        bool
	Key                []byte
	Children           int
	Args               string
	Variable, Director string
}

func tellWho(context.Context, bool) (who, error) {
	me := process.Current()
	w := who{PID: me.PID, Name: me.Name, Daemon: me.Daemon, Key: process.AuthKey(), Children: len(process.ActiveChildren())}
	if parent, ok := process.Parent(); ok {
		w.HasParent, w.Parent, w.ParentName, w.ParentAlive = true, parent.PID, parent.Name, parent.Alive()
	}
	w.Variable = os.Getenv("TEST_VARIABLE")
	w.Director, _ = os.Getwd()
	return w, nil
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func watch(t *testing.T) { shmtest.Watchdog(t, time.Minute) }

// conformance: PROC-01
func TestCurrent(t *testing.T) {
	me := process.Current()
	if me.PID != os.Getpid() || me.Daemon || me.Name != "MainProcess" || len(process.AuthKey()) != 32 {
		t.Errorf("%+v, key of %d bytes", me, len(process.AuthKey()))
	}
	if _, ok := process.Parent(); ok {
		t.Error("the first process has a parent")
	}
}

// conformance: PROC-02
func TestArguments(t *testing.T) {
	watch(t)
	count := must[*value.Value[int64]](t)(value.New[int64](0))
	defer count.Close()
	in := shape{"ä", []int{1, 2, 3}, map[string]float64{"pi": 3.14}, []byte{0, 1}, count}
	p := must[*process.Job[shape]](t)(turn.Start(t.Context(), in))
	out := must[shape](t)(p.Result())
	if out.Word != "ä turned" || len(out.List) != 3 || out.Map["pi"] != 3.14 || !bytes.Equal(out.Bytes, in.Bytes) || count.Load() != 1 {
		t.Errorf("%+v, count %d", out, count.Load())
	}
}

// conformance: PROC-04, PROC-06, PROC-10
func TestChild(t *testing.T) {
	watch(t)
	dir := t.TempDir()
	p := must[*process.Job[who]](t)(tell.Start(t.Context(), true, process.Name("Ann"), process.Env("TEST_VARIABLE=7"), process.Dir(dir)))
	if list := process.ActiveChildren(); len(list) != 1 || list[0] != p.Process {
		t.Errorf("active children %v", list)
	}
	w := must[who](t)(p.Result())
	if !w.HasParent || w.Parent != os.Getpid() || w.ParentName != "MainProcess" || !w.ParentAlive || w.Children != 0 {
		t.Errorf("what it says of its parent: %+v", w)
	}
	if w.PID != p.PID() || w.Name != "Ann" || w.Daemon || !bytes.Equal(w.Key, process.AuthKey()) || w.Variable != "7" || w.Director != dir {
		t.Errorf("what it says of itself: %+v", w)
	}
	if code, ok := p.ExitCode(); code != 0 || !ok || p.Alive() || len(process.ActiveChildren()) != 0 {
		t.Errorf("after its end: code %d %v, alive %v, active %v", code, ok, p.Alive(), process.ActiveChildren())
	}
}

// conformance: PROC-03
func TestDaemonFlag(t *testing.T) {
	watch(t)
	for _, want := range []bool{false, true} {
		p := must[*process.Job[who]](t)(tell.Start(t.Context(), true, process.Daemon(want)))
		if w := must[who](t)(p.Result()); w.Daemon != want || p.Daemon() != want {
			t.Errorf("daemon is %v, want %v", w.Daemon, want)
		}
	}
}

func TestErrorsOfFunctions(t *testing.T) {
	watch(t)
	for how, want := range map[string]error{"ours": errOurs, "file": fs.ErrNotExist} {
		p := must[*process.Job[process.None]](t)(fail.Start(t.Context(), how))
		err := p.Wait()
		var remote *process.RemoteError
		if !errors.Is(err, want) || errors.Is(err, fs.ErrExist) || !errors.As(err, &remote) || remote.PID != p.PID() {
			t.Errorf("%s: %v", how, err)
		}
		if how == "file" && !errors.Is(err, syscall.ENOENT) {
			t.Errorf("%v is not ENOENT", err)
		}
		if code, _ := p.ExitCode(); code != 1 {
			t.Errorf("exit code %d", code)
		}
	}
}

func crashAs(_ context.Context, how string) error {
	switch how {
	case "panic":
		panic("on purpose: " + how)
	case "goroutine":
		go panic("on purpose: " + how)
		select {}
	case "map":
		m := map[int]int{}
		for range 100 {
			go func() {
				for i := 0; ; i++ {
					m[i%8]++
				}
			}()
		}
		select {}
	case "goexit":
		shmtestGoexit()
	case "panic on the way":
		defer panic("on purpose: " + how)
		shmtestGoexit()
	}
	return nil
}

// conformance: PROC-22
func TestCrashes(t *testing.T) {
	watch(t)
	for how, want := range map[string]string{
		"panic": "panic: on purpose: panic", "panic on the way": "panic: on purpose: panic on",
		"goroutine": "panic: on purpose: goroutine", "map": "fatal error",
	} {
		var stderr bytes.Buffer
		p := must[*process.Job[process.None]](t)(crash.Start(t.Context(), how, process.Stderr(&stderr)))
		var died *process.PanicError
		if err := p.Wait(); !errors.As(err, &died) || !strings.HasPrefix(died.Text, want) || !strings.Contains(died.Stack, "crashAs") {
			t.Errorf("%s: %v\n%s", how, err, died.Stack)
		}
		if code, _ := p.ExitCode(); code != 2 || !strings.Contains(stderr.String(), want) || !strings.Contains(stderr.String(), "crashAs") {
			t.Errorf("%s: exit code %d, and it wrote %q", how, code, &stderr)
		}
	}
	p := must[*process.Job[process.None]](t)(crash.Start(t.Context(), "goexit"))
	if err := p.Wait(); !errors.Is(err, process.ErrGoexit) {
		t.Errorf("Goexit: %v", err)
	}
}

// conformance: PROC-23
func TestExit(t *testing.T) {
	watch(t)
	for _, code := range []int{0, 8, 255} {
		p := must[*process.Job[process.None]](t)(exit.Start(t.Context(), code))
		err := p.Wait()
		var e *process.ExitError
		if got, _ := p.ExitCode(); got != code || (err != nil) != (code != 0) || code != 0 && (!errors.As(err, &e) || e.Code != code) {
			t.Errorf("exit %d: code %d, %v", code, got, err)
		}
		if _, err := p.Result(); code == 0 && !errors.Is(err, process.ErrNoResult) {
			t.Errorf("the result of what has exited: %v", err)
		}
	}
}

// conformance: PROC-07, PROC-08
func TestSignals(t *testing.T) {
	watch(t)
	say := must[*ring.Queue[int64]](t)(ring.New[int64](1))
	defer say.Detach()
	for signal, send := range map[syscall.Signal]func(*process.Process) error{
		syscall.SIGTERM: (*process.Process).Terminate, syscall.SIGKILL: (*process.Process).Kill,
	} {
		p := must[*process.Job[process.None]](t)(park.Start(t.Context(), say))
		must[int64](t)(say.Get())
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Join(ended); err != context.Canceled || !p.Alive() {
			t.Errorf("join without waiting: %v, alive %v", err, p.Alive())
		}
		if _, ok := p.ExitCode(); ok {
			t.Error("there is an exit code before the end")
		}
		if err := p.Close(); !errors.Is(err, process.ErrRunning) {
			t.Errorf("closing what runs: %v", err)
		}
		if err := send(p.Process); err != nil {
			t.Error(err)
		}
		var e *process.ExitError
		if err := p.Wait(); !errors.As(err, &e) || e.Signal != signal || e.Cause != nil {
			t.Errorf("%v: %v", signal, err)
		}
		if code, ok := p.ExitCode(); code != -int(signal) || !ok || p.Alive() || len(process.ActiveChildren()) != 0 {
			t.Errorf("%v: code %d", signal, code)
		}
		if err := send(p.Process); err != nil {
			t.Errorf("a signal for what has ended: %v", err)
		}
	}
}

// conformance: PROC-13
func TestClose(t *testing.T) {
	watch(t)
	p := must[*process.Job[int]](t)(square.Start(t.Context(), 3))
	if got := must[int](t)(p.Result()); got != 9 {
		t.Errorf("the square of 3 is %d", got)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	_, sentinel := p.Sentinel()
	for _, err := range []error{p.Wait(), p.Terminate(), p.Kill(), sentinel} {
		if !errors.Is(err, process.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

func TestContext(t *testing.T) {
	watch(t)
	ended := errors.New("enough")
	for _, grace := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(t.Context())
		var options []process.Option
		if grace {
			options = append(options, process.Grace(1<<40))
		}
		p := must[*process.Job[process.None]](t)(untilEnd.Start(ctx, true, options...))
		cancel(ended)
		err := p.Wait()
		var e *process.ExitError
		if !grace && (!errors.Is(err, ended) || errors.As(err, &e) && e.Signal != syscall.SIGKILL) {
			t.Errorf("without grace: %v", err)
		}
		if grace && (!errors.Is(err, process.ErrCanceled) || !strings.Contains(err.Error(), "enough")) {
			t.Errorf("with grace: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := square.Start(ctx, 1); err != context.Canceled {
		t.Errorf("starting after the end: %v", err)
	}
}

// conformance: PROC-12
func TestSentinel(t *testing.T) {
	watch(t)
	say := must[*ring.Queue[int64]](t)(ring.New[int64](1))
	defer say.Detach()
	p := must[*process.Job[process.None]](t)(park.Start(t.Context(), say))
	must[int64](t)(say.Get())
	f := must[*os.File](t)(p.Sentinel())
	defer f.Close()
	if readable(t, f) {
		t.Error("the sentinel of what runs is readable")
	}
	p.Kill()
	end := ring.Readable(f)
	if ready, err := ring.Wait(t.Context(), say, end); err != nil || len(ready) != 1 || ready[0] != end {
		t.Errorf("what is ready when it was killed: %v, %v", ready, err)
	}
	if !readable(t, f) {
		t.Error("the sentinel of what has ended is not readable")
	}
	p.Wait()
}

// conformance: PROC-28
func TestNoForkBomb(t *testing.T) {
	watch(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), forgetful+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), process.ErrNoMain.Error()) {
		t.Errorf("%v, it says %q", err, out)
	}
}

// conformance: PROC-29
func TestNeverCame(t *testing.T) {
	watch(t)
	text := t.TempDir() + "/text"
	if err := os.WriteFile(text, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	quiet := process.Stdout(io.Discard)
	for _, c := range []struct {
		name, want string
		options    []process.Option
	}{
		{"it does not call Main", "without a call of process.Main", []process.Option{process.Env(forgetful + "=1")}},
		{"it panics in init", "panic: in init", []process.Option{process.Env(forgetful + "=panic"), process.Stderr(io.Discard)}},
		{"another program", "exited with code 1", []process.Option{process.Executable("/bin/false")}},
		{"no program", "permission denied", []process.Option{process.Executable(text)}},
		{"nothing", "no such file", []process.Option{process.Executable(text + "s")}},
	} {
		p, err := square.Start(t.Context(), 3, append(c.options, quiet)...)
		if err == nil {
			_, err = p.Result()
		}
		var e *process.StartError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	p := must[*process.Job[int]](t)(square.Start(t.Context(), 3, process.Executable("/proc/self/exe")))
	if got := must[int](t)(p.Result()); got != 9 {
		t.Errorf("the square of 3 is %d", got)
	}
}
