package shmtest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Process is the test's end of its conversation with a helper, or with any other
// program that talks in lines. One goroutine uses it.
type Process struct {
	Cmd  *exec.Cmd
	t    testing.TB
	out  *bufio.Reader
	in   io.WriteCloser
	done bool
}

// Start runs a helper in a new process, which ends with the test at the latest.
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
	Need(name)
	cmd := exec.Command(self(), args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+name)
	prepare(cmd)
	return StartCommand(t, cmd)
}

// StartCommand is Start for a program that is no helper, such as one in C.
func StartCommand(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{Cmd: cmd, t: t}
	if cmd.Stderr == nil {
		cmd.Stderr = os.Stderr
	}
	out, said, err := os.Pipe() // not StdoutPipe: of that Cmd.Wait throws away what was not read
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	p.out, cmd.Stdout = bufio.NewReader(voice{out}), said
	if p.in, err = cmd.StdinPipe(); err == nil {
		err = cmd.Start()
	}
	said.Close()
	if err != nil {
		t.Fatal(err)
	}
	running.add(p)
	t.Cleanup(p.Kill)
	return p
}

// A voice is what a process says. Whoever has read it to its end has closed it.
type voice struct{ *os.File }

func (v voice) Read(b []byte) (int, error) {
	n, err := v.File.Read(b)
	if err != nil {
		v.Close()
	}
	return n, err
}

// PID is the process id of the helper.
func (p *Process) PID() int { return p.Cmd.Process.Pid }

// Line is the next line that the helper says; the test fails if it ends instead.
func (p *Process) Line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("helper %v ended: %v, after %q", p.Cmd.Args, err, line)
	}
	return strings.TrimSuffix(line, "\n")
}

// Next is the next line that the helper says; ok is false if it has ended, killed or
// not. It may be called from any goroutine, from one at a time.
func (p *Process) Next() (line string, ok bool) {
	line, err := p.out.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err == nil
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
	p.t.Helper()
	if err := p.Cmd.Process.Signal(s); err != nil && !p.done {
		p.t.Errorf("signal %v: %v", s, err)
	}
}

// Kill sends SIGKILL and waits until the process is gone. What it said before can still be
// read. It may be called again.
func (p *Process) Kill() {
	if !p.done {
		p.done = true
		p.Cmd.Process.Kill()
		p.Cmd.Wait()
		running.remove(p)
	}
}

// Wait closes the helper's input and fails the test unless it ends with success.
func (p *Process) Wait() {
	p.t.Helper()
	p.in.Close()
	io.Copy(io.Discard, p.out)
	p.done = true
	err := p.Cmd.Wait()
	running.remove(p)
	if err != nil {
		p.t.Errorf("helper %v: %v", p.Cmd.Args, err)
	}
}

// running are the processes that a watchdog has to ask.
var running processes

type processes struct {
	mu  sync.Mutex
	all []*Process
}

func (r *processes) add(p *Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, p)
}

func (r *processes) remove(p *Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = slices.DeleteFunc(r.all, func(q *Process) bool { return p == q })
}

func (r *processes) list() []*Process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}
