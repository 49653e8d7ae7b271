package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shmkit/process"
	"shmkit/ring"
)

var (
	double   = process.RegisterFunc("double", func(_ context.Context, b []byte) ([]byte, error) { return append(b, b...), nil })
	scribble = process.Register("scribble", scribbleOnSocket)
	starved  = process.RegisterFunc("starved", startWithoutDescriptors)
	mute     = process.RegisterFunc("mute", startWithoutOutput)
	linger   = process.Register("linger", leaveGrandchild)
)

// An argument and a result that fit into no buffer; and an argument that is never read.
func TestLargeArguments(t *testing.T) {
	watch(t)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	p := must[*process.Job[[]byte]](t)(double.Start(t.Context(), big))
	if got := must[[]byte](t)(p.Result()); len(got) != 2*len(big) || !bytes.Equal(got[:len(big)], big) || !bytes.Equal(got[len(big):], big) {
		t.Errorf("%d bytes came back", len(got))
	}
	ctx, cancel := context.WithCancel(t.Context())
	script := filepath.Join(t.TempDir(), "stop")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nkill -STOP $$\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p = must[*process.Job[[]byte]](t)(double.Start(ctx, big, process.Executable(script)))
	cancel()
	var s *process.StartError
	if _, err := p.Result(); !errors.As(err, &s) || !errors.Is(err, context.Canceled) {
		t.Errorf("what never read its argument: %v", err)
	}
}

// scribbleOnSocket writes bytes to the socket of this process that it has no business with.
func scribbleOnSocket(_ context.Context, raw []byte) error {
	for fd := 3; fd < 100; fd++ {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFSOCK {
			unix.Write(fd, raw)
		}
	}
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// What a dying process says is heard as far as it makes sense.
func TestScribble(t *testing.T) {
	watch(t)
	for name, raw := range map[string]string{
		"half a head":   "d\x01",
		"half a frame":  "d\x10\x00\x00\x00\x00\x00\x00\x00abc",
		"endless frame": "d\xff\xff\xff\xff\xff\xff\xff\xffabc",
		"no such frame": "?\x00\x00\x00\x00\x00\x00\x00\x00",
		"no report":     "f\x01\x00\x00\x00\x00\x00\x00\x00\xff",
		"an order":      "o\x00\x00\x00\x00\x00\x00\x00\x00",
	} {
		p := must[*process.Job[process.None]](t)(scribble.Start(t.Context(), []byte(raw)))
		var e *process.ExitError
		if _, err := p.Result(); !errors.As(err, &e) || e.Signal != syscall.SIGKILL {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// startWithoutDescriptors starts a process with ever more descriptors to spare, from none
// on, and gives how many tries it takes. It fails if one of them costs a descriptor.
func startWithoutDescriptors(ctx context.Context, _ bool) (tries int, err error) {
	if p, err := square.Start(ctx, 1); err != nil || p.Wait() != nil || p.Close() != nil {
		return 0, fmt.Errorf("not even once: %w", err)
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		return 0, err
	}
	for limit := openCount(); ; limit++ {
		unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(limit), Max: before.Max})
		p, err := square.Start(ctx, 3)
		unix.Setrlimit(unix.RLIMIT_NOFILE, &before)
		tries++
		var s *process.StartError
		switch {
		case errors.As(err, &s) && s.PID == 0:
		case err != nil:
			return tries, err
		default:
			if n, err := p.Result(); n == 9 {
				return tries, p.Close()
			} else if !errors.As(err, &s) { // its own Go runtime had too few
				return tries, fmt.Errorf("the square is %d: %w", n, err)
			}
			p.Close()
		}
		for openCount() > limit-tries+1 { // until somebody ends it; files of others may be looked through
			runtime.Gosched()
		}
	}
}

// openCount is how many descriptors are open.
func openCount() (n int) {
	for fd := range 1000 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n
}

func TestStartFailsHalfWay(t *testing.T) {
	watch(t)
	p := must[*process.Job[int]](t)(starved.Start(t.Context(), true))
	if n := must[int](t)(p.Result()); n < 5 {
		t.Errorf("it took %d tries only", n)
	}
}

// startWithoutOutput starts a process when it has closed its own streams.
func startWithoutOutput(ctx context.Context, _ bool) (int, error) {
	os.Stdout.Close()
	os.Stderr.Close()
	os.Stdin.Close()
	p, err := square.Start(ctx, 5)
	if err != nil {
		return 0, err
	}
	return p.Result()
}

// conformance: PROC-18, PROC-27
func TestClosedStreams(t *testing.T) {
	watch(t)
	p := must[*process.Job[int]](t)(mute.Start(t.Context(), true))
	if n := must[int](t)(p.Result()); n != 25 {
		t.Errorf("the square of 5 is %d", n)
	}
}

// leaveGrandchild leaves a process behind that has the output open and never ends.
func leaveGrandchild(ctx context.Context, say *ring.Queue[int64]) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	p, err := process.Command("sh", "-c", "echo a line; echo >&3; exec sleep 1000").Start(context.Background(),
		process.Daemon(false), process.Files(w))
	if err != nil {
		return err
	}
	if _, err := r.Read(make([]byte, 1)); err != nil {
		return err
	}
	return say.Put(int64(p.PID()))
}

// Output that somebody keeps open does not hold up Wait for ever.
func TestOutputIsKeptOpen(t *testing.T) {
	watch(t)
	say := newSay(t)
	var out bytes.Buffer
	p := must[*process.Job[process.None]](t)(linger.Start(t.Context(), say, process.Stdout(&out)))
	pid := int(must[int64](t)(say.Get()))
	defer ends(follow(t, int64(pid)))
	defer syscall.Kill(pid, syscall.SIGKILL)
	if err := p.Wait(); !errors.Is(err, process.ErrOutput) || !errors.Is(err, exec.ErrWaitDelay) {
		t.Errorf("%v", err)
	}
	if code, ok := p.ExitCode(); code != 0 || !ok || out.String() != "a line\n" {
		t.Errorf("exit code %d, output %q", code, &out)
	}
}

// Other code of the program waits for every process there is. Sometimes it is the first.
func TestForeignWaiter(t *testing.T) {
	watch(t)
	stolen := 0
	for i := range 50 {
		p := must[*process.Job[int]](t)(square.Start(t.Context(), i))
		q := must[*process.Job[process.None]](t)(exit.Start(t.Context(), 7))
		for _, pid := range []int{p.PID(), q.PID()} {
			for {
				if _, err := unix.Wait4(pid, nil, 0, nil); err != unix.EINTR {
					break
				}
			}
		}
		if n, err := p.Result(); n != i*i || err != nil {
			t.Fatalf("the square of %d is %d, %v", i, n, err)
		}
		err := q.Wait()
		var e *process.ExitError
		if code, ok := q.ExitCode(); !errors.As(err, &e) || ok && code != 7 || ok == errors.Is(err, process.ErrReaped) {
			t.Fatalf("exit code %d, %v; %v", code, ok, err)
		} else if !ok {
			stolen++
		}
	}
	t.Logf("%d of 50 were taken away", stolen)
}

// A variable that came to a process by accident, with other descriptors, means nothing.
func TestInheritedVariable(t *testing.T) {
	watch(t)
	fds := must[[2]int](t)(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	for _, text := range []string{"", "x", "0 1 2", "3 3 3 0", "3 3 3 12345", "-1 -1 -1 1", "99999 3 3 5", strings.Repeat("9", 100)} {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), idle+"=1", "SHMKIT_PROCESS="+text)
		cmd.ExtraFiles = []*os.File{theirs}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q: %v, %q", text, err, out)
		}
	}
}

// What is set for a program takes the place of what this process has; it ends by SIGTERM
// when its context does, if it has time to.
func TestProgramEnvironment(t *testing.T) {
	watch(t)
	t.Setenv("TEST_TWICE", "ours")
	dir := t.TempDir()
	var out bytes.Buffer
	script := `trap 'echo done; exit 3' TERM; env | grep TEST_TWICE; pwd; ulimit -n; echo ready >&3; while :; do sleep 0.01; done`
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	p := must[*process.Process](t)(process.Command("sh", "-c", script).Start(ctx, process.Env("TEST_TWICE=theirs"), process.Dir(dir),
		process.Stdout(&out), process.Files(w), process.Grace(1<<40), process.Limit(unix.RLIMIT_NOFILE, 77), process.Executable("/bin/false")))
	w.Close()
	r.Read(make([]byte, 1))
	cancel()
	var e *process.ExitError
	if err := p.Wait(); !errors.As(err, &e) || e.Code != 3 || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if want := "TEST_TWICE=theirs\n" + dir + "\n77\ndone\n"; out.String() != want {
		t.Errorf("it says %q, want %q", &out, want)
	}
}

// The end of the context is not to blame for what ended by itself.
func TestCauseComesLate(t *testing.T) {
	watch(t)
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		p := must[*process.Job[process.None]](t)(exit.Start(ctx, 4))
		f := must[*os.File](t)(p.Sentinel())
		ends(f)
		f.Close()
		cancel()
		var e *process.ExitError
		if err := p.Wait(); !errors.As(err, &e) || e.Code != 4 || e.Cause != nil {
			t.Errorf("%v", err)
		}
	}
}
