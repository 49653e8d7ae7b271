package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shmkit/process"
	"shmkit/ring"
	"shmkit/shm"
	"shmkit/value"
)

var (
	leaves   = process.RegisterFunc("leaves", leaveGoroutine)
	makes    = process.RegisterFunc("makes", makeValue)
	replaced = process.RegisterFunc("replaced", startWithoutFile)
	counts   = process.Register("counts", func(_ context.Context, n *value.Value[int64]) error { n.Add(1); return nil })
	channel  = process.Register("channel", func(context.Context, chan int) error { return nil })
	shell    = process.RegisterFunc("shell", runShell)
)

// What a child says before it has read its argument is heard, however large that is.
func TestRefusalBeforeArgument(t *testing.T) {
	watch(t)
	for _, size := range []int{1, 1 << 24} {
		p := must[*process.Job[[]byte]](t)(double.Start(t.Context(), make([]byte, size), process.Limit(9999, 1)))
		var s *process.StartError
		if _, err := p.Result(); !errors.As(err, &s) || !strings.Contains(err.Error(), "limit 9999") {
			t.Errorf("argument of %d bytes: %v", size, err)
		}
	}
}

// conformance: CTX-06
func TestArgumentThatCannotTravel(t *testing.T) {
	closed := must[*value.Value[int64]](t)(value.New[int64](1))
	closed.Close()
	if _, err := counts.Start(t.Context(), closed); !errors.Is(err, shm.ErrClosed) {
		t.Errorf("a closed object: %v", err)
	}
	if _, err := channel.Start(t.Context(), make(chan int)); err == nil {
		t.Error("a channel can be started")
	}
	if list := process.ActiveChildren(); len(list) != 0 {
		t.Errorf("%v are there", list)
	}
}

// leaveGoroutine returns, and leaves somebody behind who waits for ever.
func leaveGoroutine(ctx context.Context, say *ring.Queue[int64]) (int, error) {
	own, err := ring.New[int64](2)
	if err != nil {
		return 0, err
	}
	started := make(chan bool, 2)
	for _, q := range []*ring.Queue[int64]{say, own} {
		go func() {
			started <- true
			q.Get()
		}()
	}
	<-started
	<-started
	return 3, nil
}

func TestGoroutineIsLeftBehind(t *testing.T) {
	watch(t)
	p := must[*process.Job[int]](t)(leaves.Start(t.Context(), newSay(t)))
	if n := must[int](t)(p.Result()); n != 3 {
		t.Errorf("it gives %d", n)
	}
}

// makeValue gives an object of the heap of its process.
func makeValue(_ context.Context, n int64) (*value.Value[int64], error) { return value.New(n) }

func TestResultIsHandle(t *testing.T) {
	watch(t)
	p := must[*process.Job[*value.Value[int64]]](t)(makes.Start(t.Context(), 7))
	v := must[*value.Value[int64]](t)(p.Result())
	defer v.Close()
	if n := v.Load(); n != 7 {
		t.Errorf("it is %d", n)
	}
}

// startWithoutFile starts a process when its file is gone, or is another program by now.
func startWithoutFile(ctx context.Context, path string) (int, error) {
	if err := os.Remove(path); err != nil {
		return 0, err
	}
	if err := os.Symlink("/bin/false", path); err != nil {
		return 0, err
	}
	p, err := square.Start(ctx, 6)
	if err != nil {
		return 0, err
	}
	return p.Result()
}

func TestFileIsReplaced(t *testing.T) {
	watch(t)
	mine := must[[]byte](t)(os.ReadFile("/proc/self/exe"))
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, mine, 0o700); err != nil {
		t.Fatal(err)
	}
	p := must[*process.Job[int]](t)(replaced.Start(t.Context(), path, process.Executable(path)))
	if n := must[int](t)(p.Result()); n != 36 {
		t.Errorf("the square of 6 is %d", n)
	}
}

func runShell(_ context.Context, script string) (string, error) {
	out, err := exec.Command("sh", "-c", script).CombinedOutput()
	return string(out), err
}

// What a child starts by os/exec gets nothing of what the child was given.
func TestGrandchildInheritsNothing(t *testing.T) {
	watch(t)
	p := must[*process.Job[string]](t)(shell.Start(t.Context(), `env | grep SHMKIT_PROCESS; for f in /proc/self/fd/*; do [ ${f##*/} -gt 2 ] && readlink $f; done; true`))
	if out := must[string](t)(p.Result()); strings.Contains(out, "SHMKIT") || strings.Contains(out, "socket") || strings.Contains(out, "memfd") || strings.Contains(out, "pidfd") {
		t.Errorf("it has %q", out)
	}
}

// A child that is stopped, wherever it is, is killed all the same.
func TestStopped(t *testing.T) {
	watch(t)
	for i := range 20 {
		p := must[*process.Job[int]](t)(square.Start(t.Context(), i, process.Daemon(i%2 == 0)))
		p.Signal(syscall.SIGSTOP)
		p.Kill()
		var s *process.StartError
		var e *process.ExitError
		n, err := p.Result()
		if !errors.As(err, &s) && !errors.As(err, &e) && (err != nil || n != i*i) {
			t.Errorf("the square of %d is %d, %v", i, n, err)
		}
	}
}

func TestClearEnv(t *testing.T) {
	watch(t)
	t.Setenv("TEST_LEFT", "1")
	var out bytes.Buffer
	p := must[*process.Process](t)(process.Command("/usr/bin/env").Start(t.Context(), process.ClearEnv(), process.Env("A=b"), process.Stdout(&out)))
	if err := p.Wait(); err != nil || out.String() != "A=b\n" {
		t.Errorf("%v, it has %q", err, &out)
	}
	q := must[*process.Job[string]](t)(shell.Start(t.Context(), "env", process.ClearEnv(), process.Env("PATH="+os.Getenv("PATH"))))
	if got := must[string](t)(q.Result()); strings.Contains(got, "TEST_LEFT") || strings.Contains(got, "SHMKIT") {
		t.Errorf("it has %q", got)
	}
}

// A child whose parent dies before it says what to do ends, also if somebody else has the
// parent's end of the socket.
func TestParentSaysNothing(t *testing.T) {
	watch(t)
	parent := exec.Command("sleep", "1000")
	fd := -1
	parent.SysProcAttr = &syscall.SysProcAttr{PidFD: &fd, Pdeathsig: syscall.SIGKILL}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	fds := must[[2]int](t)(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	files := []*os.File{os.NewFile(uintptr(fds[0]), "theirs"), os.NewFile(uintptr(fd), "parent")}
	defer unix.Close(fds[1])
	cmd := exec.Command("/proc/self/exe")
	var st unix.Stat_t
	unix.Fstat(fds[0], &st)
	cmd.Env = append(os.Environ(), fmt.Sprintf("SHMKIT_PROCESS=3 5 4 %d", st.Ino))
	cmd.ExtraFiles = append(files, must[*os.File](t)(os.CreateTemp(t.TempDir(), "crash")))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	parent.Process.Kill()
	parent.Wait()
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Error(err)
	}
	for _, f := range cmd.ExtraFiles {
		f.Close()
	}
}
