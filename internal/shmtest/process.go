package shmtest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Process is the test's end of its conversation with a helper.
type Process struct {
	Cmd  *exec.Cmd
	t    testing.TB
	out  *bufio.Reader
	in   io.WriteCloser
	done bool
}

// Start runs a helper in a new process, which ends with the test at the latest.
// Whatever prepare does to the command happens before it starts.
func Start(t testing.TB, name string, args ...string) *Process {
	t.Helper()
	return StartWith(t, func(*exec.Cmd) {}, name, args...)
}

// StartWith is Start that lets prepare change the command first.
func StartWith(t testing.TB, prepare func(*exec.Cmd), name string, args ...string) *Process {
	t.Helper()
	if helpers.all[name] == nil {
		t.Fatalf("no helper %q", name)
	}
	helpers.mu.Lock()
	helpers.used[name] = true
	helpers.mu.Unlock()
	p := &Process{Cmd: exec.Command(self(), args...), t: t}
	p.Cmd.Env = append(os.Environ(), roleEnv+"="+name)
	p.Cmd.Stderr = os.Stderr
	prepare(p.Cmd)
	out, err := p.Cmd.StdoutPipe()
	if err == nil {
		p.in, err = p.Cmd.StdinPipe()
	}
	if err == nil {
		err = p.Cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	t.Cleanup(p.Kill)
	return p
}

// PID is the process id of the helper.
func (p *Process) PID() int { return p.Cmd.Process.Pid }

// Line is the next line that the helper says; the test fails if it ends instead.
func (p *Process) Line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("helper %v ended: %v", p.Cmd.Args, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// Expect fails the test unless the next line is want.
func (p *Process) Expect(want string) {
	p.t.Helper()
	if got := p.Line(); got != want {
		p.t.Fatalf("helper said %q, want %q", got, want)
	}
}

// Send sends a line to the helper.
func (p *Process) Send(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatalf("helper does not listen: %v", err)
	}
}

// Signal sends a signal to the helper.
func (p *Process) Signal(s syscall.Signal) {
	if err := p.Cmd.Process.Signal(s); err != nil && !p.done {
		p.t.Errorf("signal %v: %v", s, err)
	}
}

// Kill sends SIGKILL and waits until the process is gone. It may be called again.
func (p *Process) Kill() {
	if !p.done {
		p.done = true
		p.Cmd.Process.Kill()
		p.Cmd.Wait()
	}
}

// Wait closes the helper's input and fails the test unless it ends with success.
func (p *Process) Wait() {
	p.t.Helper()
	p.in.Close()
	io.Copy(io.Discard, p.out)
	p.done = true
	if err := p.Cmd.Wait(); err != nil {
		p.t.Errorf("helper %v: %v", p.Cmd.Args[0], err)
	}
}

// self is the test binary, wherever the test has changed directory to.
func self() string {
	if path, err := os.Executable(); err == nil {
		return path
	}
	return os.Args[0]
}
