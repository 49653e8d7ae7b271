package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shmkit/process"
	"shmkit/ring"
)

// middleArg is what a process starts that has a child of its own, and then goes on for ever.
type middleArg struct {
	Daemon bool
	Group  bool
	Say    *ring.Queue[int64]
}

var (
	middle   = process.Register("middle", startInTurn)
	orphan   = process.Register("orphan", outliveParent)
	descends *process.Func[descentArg, process.None] // it starts itself
	look     = process.RegisterFunc("look", lookAround)
)

func init() { descends = process.Register("descends", descend) }

func startInTurn(ctx context.Context, arg middleArg) (err error) {
	if arg.Daemon {
		_, err = park.Start(ctx, arg.Say, process.Daemon(true))
	} else {
		_, err = orphan.Start(ctx, arg.Say, process.Daemon(false))
	}
	if err == nil {
		<-ctx.Done() // when the test dies
	}
	return err
}

// outliveParent says who it is, whether its parent lives, and that again when its context
// has ended.
func outliveParent(ctx context.Context, say *ring.Queue[int64]) error {
	parent, _ := process.Parent()
	say.Put(int64(os.Getpid()))
	if parent.Alive() {
		say.Put(1)
	}
	<-ctx.Done()
	if errors.Is(context.Cause(ctx), process.ErrParentDied) && !parent.Alive() && parent.Join(context.Background()) == nil {
		return say.Put(2)
	}
	return say.Put(3)
}

// follow is a descriptor of a process that is no child of this one.
func follow(t *testing.T, pid int64) *os.File {
	t.Helper()
	fd, err := unix.PidfdOpen(int(pid), 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "process")
	t.Cleanup(func() { f.Close() })
	return f
}

// ends waits for the end of a process.
func ends(f *os.File) {
	p := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
	for {
		if n, err := unix.Poll(p, -1); err != unix.EINTR && (n > 0 || err != nil) {
			return
		}
	}
}

func newSay(t *testing.T) *ring.Queue[int64] {
	say := must[*ring.Queue[int64]](t)(ring.New[int64](8))
	t.Cleanup(func() { say.Detach() })
	return say
}

func TestDaemonEndsWithParent(t *testing.T) {
	watch(t)
	for _, group := range []bool{false, true} {
		say := newSay(t)
		options := []process.Option{}
		if group {
			options = append(options, process.Group())
		}
		p := must[*process.Job[process.None]](t)(middle.Start(t.Context(), middleArg{true, group, say}, options...))
		grandchild := follow(t, must[int64](t)(say.Get()))
		p.Kill()
		p.Wait()
		ends(grandchild)
	}
}

// conformance: PROC-05
func TestOrphan(t *testing.T) {
	watch(t)
	say := newSay(t)
	p := must[*process.Job[process.None]](t)(middle.Start(t.Context(), middleArg{false, false, say}))
	grandchild := follow(t, must[int64](t)(say.Get()))
	if n := must[int64](t)(say.Get()); n != 1 {
		t.Errorf("it says %d of its parent", n)
	}
	p.Kill()
	if n := must[int64](t)(say.Get()); n != 2 {
		t.Errorf("it says %d of its parent's end", n)
	}
	ends(grandchild)
}

func TestGroup(t *testing.T) {
	watch(t)
	for name, end := range map[string]func(*process.Process) error{
		"terminate": (*process.Process).Terminate,
		"leader":    func(p *process.Process) error { return syscall.Kill(p.PID(), syscall.SIGKILL) },
	} {
		say := newSay(t)
		p := must[*process.Job[process.None]](t)(middle.Start(t.Context(), middleArg{false, true, say}, process.Group()))
		grandchild := follow(t, must[int64](t)(say.Get()))
		must[int64](t)(say.Get())
		if err := end(p.Process); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p.Wait()
		ends(grandchild)
	}
}

// descentArg is how deep to go, and where to say so.
type descentArg struct {
	Path []int64
	Say  *ring.Queue[int64]
}

func descend(ctx context.Context, arg descentArg) error {
	code := int64(0)
	for _, step := range arg.Path {
		code = code*10 + step
	}
	if err := arg.Say.Put(code); err != nil || len(arg.Path) == 2 {
		return err
	}
	for i := range int64(2) {
		p, err := descends.Start(ctx, descentArg{append(slices.Clone(arg.Path), i+1), arg.Say})
		if err != nil {
			return err
		}
		if err := p.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// conformance: CTX-07, PROC-11, PROC-27
func TestRecursion(t *testing.T) {
	watch(t)
	say := newSay(t)
	p := must[*process.Job[process.None]](t)(descends.Start(t.Context(), descentArg{nil, say}))
	if err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{0, 1, 11, 12, 2, 21, 22} {
		if got := must[int64](t)(say.TryGet()); got != want {
			t.Errorf("%d in place of %d", got, want)
		}
	}
}

// surroundings are what a process finds.
type surroundings struct {
	Open  []int // descriptors above 2
	Third string
	CPUs  string
	Files uint64
	Stdin int
}

func lookAround(context.Context, bool) (s surroundings, err error) {
	for fd := 3; fd < 1000; fd++ {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			s.Open = append(s.Open, fd)
		}
	}
	s.Third, _ = os.Readlink("/proc/self/fd/3")
	status, err := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "Cpus_allowed_list:\t")
	s.CPUs, _, _ = strings.Cut(after, "\n")
	var limit unix.Rlimit
	unix.Getrlimit(unix.RLIMIT_CORE, &limit)
	s.Files = limit.Max
	s.Stdin, _ = os.Stdin.Read(make([]byte, 1))
	return s, err
}

// conformance: PROC-26
func TestSurroundings(t *testing.T) {
	watch(t)
	// As C code leaves them behind: they would go to every program that is started.
	for _, from := range []int{16, 257} {
		defer unix.Close(must[int](t)(unix.FcntlInt(1, unix.F_DUPFD, from)))
	}
	file := must[*os.File](t)(os.CreateTemp(t.TempDir(), "passed"))
	defer file.Close()
	p := must[*process.Job[surroundings]](t)(look.Start(t.Context(), true,
		process.Files(file), process.CPUs(0), process.Limit(unix.RLIMIT_CORE, 0)))
	s := must[surroundings](t)(p.Result())
	if len(s.Open) != 1 || s.Open[0] != 3 || s.Third != file.Name() || s.Stdin != 0 {
		t.Errorf("descriptors %v are open, 3 is %s, stdin gives %d bytes", s.Open, s.Third, s.Stdin)
	}
	if s.CPUs != "0" || s.Files != 0 {
		t.Errorf("it runs on CPUs %s, with a limit of %d", s.CPUs, s.Files)
	}
}

// conformance: PROC-18
func TestNobodyReadsTheOutput(t *testing.T) {
	watch(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	p := must[*process.Job[int]](t)(square.Start(t.Context(), 2, process.Stdout(w), process.Stderr(w)))
	w.Close()
	if got := must[int](t)(p.Result()); got != 4 {
		t.Errorf("the square of 2 is %d", got)
	}
}

func TestNoZombies(t *testing.T) {
	watch(t)
	var all []*process.Process
	for i := range 20 {
		p := must[*process.Job[int]](t)(square.Start(t.Context(), i))
		all = append(all, p.Process)
	}
	for _, p := range all {
		<-p.Done()
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", p.PID())); err == nil {
			t.Errorf("%v is still there", p)
		}
	}
}

func TestProgram(t *testing.T) {
	watch(t)
	const stray = 258
	if err := unix.Dup3(1, stray, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(stray)
	var out bytes.Buffer
	script := `echo "$0 $1 $GREETING"; [ -e /proc/self/fd/258 ] && echo leak; read line; echo "$line"; ulimit -c; exit 3`
	p := must[*process.Process](t)(process.Command("sh", "-c", script, "one", "two").Start(t.Context(), process.Env("GREETING=hello"),
		process.Stdout(&out), process.Stdin(strings.NewReader("a line\n")), process.Limit(unix.RLIMIT_CORE, 0)))
	var e *process.ExitError
	if err := p.Wait(); !errors.As(err, &e) || e.Code != 3 {
		t.Errorf("%v", err)
	}
	if want := "one two hello\na line\n0\n"; out.String() != want {
		t.Errorf("it says %q, want %q", &out, want)
	}
	text := t.TempDir() + "/text"
	if err := os.WriteFile(text, []byte("\x7fELF no program"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"no-such-program", text} {
		p, err := process.Command(name).Start(t.Context())
		if err == nil {
			err = p.Wait()
		}
		var s *process.StartError
		if !errors.As(err, &s) {
			t.Errorf("%s: %v", name, err)
		}
	}
	sleep := must[*process.Process](t)(process.Command("sleep", "1000").Start(t.Context(), process.Group()))
	sleep.Terminate()
	sleep.Wait()
	if code, _ := sleep.ExitCode(); code != -int(syscall.SIGTERM) {
		t.Errorf("exit code %d", code)
	}
}
