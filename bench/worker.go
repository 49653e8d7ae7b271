package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// readyLine is what a worker says when it has set itself up.
const readyLine = "ready"

var errWorker = errors.New("bench: a worker did not start")

// worker is a process that does n operations on request: a child of the bench, or
// the C program.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// child starts this binary in a role. It is killed when the row ends.
func (l *lab) child(role string, args ...string) (*worker, error) {
	return l.childWith(nil, role, args...)
}

// childWith is child, which has these files from descriptor 3 on.
func (l *lab) childWith(files []*os.File, role string, args ...string) (*worker, error) {
	cmd, err := command(role, args...)
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = files
	return l.work(cmd)
}

// command is this binary in a role.
func command(role string, args ...string) (*exec.Cmd, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return cmd, nil
}

// work starts a worker. It is killed when the row ends.
func (l *lab) work(cmd *exec.Cmd) (*worker, error) {
	w, err := start(cmd)
	if w != nil {
		l.later(w.kill)
		l.mu.Lock()
		l.workers = append(l.workers, w)
		l.mu.Unlock()
	}
	return w, err
}

// start gives a worker that is ready. It may give one with an error.
func start(cmd *exec.Cmd) (*worker, error) {
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	w := &worker{cmd, in, bufio.NewReader(out)}
	if line, err := w.answer(); line != readyLine {
		return w, fmt.Errorf("%w: it said %q: %w", errWorker, line, err)
	}
	return w, nil
}

// kill ends the process by SIGKILL and reaps it. A second call does nothing.
func (w *worker) kill() {
	if w.cmd.ProcessState != nil {
		return
	}
	w.cmd.Process.Kill()
	w.cmd.Wait() // its error is the signal
}

// ask makes the worker begin; answer waits for the end.
func (w *worker) ask(n int) error {
	_, err := fmt.Fprintln(w.in, n)
	return err
}

func (w *worker) answer() (string, error) {
	line, err := w.out.ReadString('\n')
	return strings.TrimSpace(line), err
}

// run is the runner of a worker that measures itself.
func (w *worker) run(n int) (float64, error) {
	if err := w.ask(n); err != nil {
		return 0, err
	}
	line, err := w.answer()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(line, 64)
}
