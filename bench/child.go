package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const roleEnv = "SHMKIT_BENCH_ROLE"

// roles are what a child of the bench can do. It answers each number that it
// reads with the nanoseconds that so many operations took.
var roles = map[string]func(args []string) (runner, error){
	"lock":   lockChild,
	"hold":   holdChild,
	"attach": attachChild,
}

// runChild serves as a child, if this process is one, and exits.
func runChild() {
	role, ok := roles[os.Getenv(roleEnv)]
	if !ok {
		return
	}
	run, err := role(os.Args[1:])
	if err == nil {
		err = serve(run)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serve(run runner) error {
	fmt.Println("ready")
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			return err
		}
		ns, err := run(n)
		if err != nil {
			return err
		}
		fmt.Println(ns)
	}
	return in.Err()
}

// worker is a process that runs n operations on request: a child of the bench, or
// the C program.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// child starts this binary in a role; it ends with the row.
func (l *lab) child(role string, args ...string) (*worker, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return l.work(cmd)
}

func (l *lab) work(cmd *exec.Cmd) (*worker, error) {
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
	l.later(w.kill)
	if line, err := w.line(); line != "ready" {
		return nil, fmt.Errorf("child said %q: %w", line, err)
	}
	return w, nil
}

func (w *worker) kill() {
	w.cmd.Process.Kill()
	w.cmd.Wait() // its error is the signal
}

func (w *worker) line() (string, error) {
	s, err := w.out.ReadString('\n')
	return strings.TrimSpace(s), err
}

// begin starts n operations, end waits for them.
func (w *worker) begin(n int) error {
	_, err := fmt.Fprintln(w.in, n)
	return err
}

func (w *worker) end() (float64, error) {
	line, err := w.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(line, 64)
}

func (w *worker) run(n int) (float64, error) {
	if err := w.begin(n); err != nil {
		return 0, err
	}
	return w.end()
}

// together runs n operations on each of two workers at once; the cost is that of
// the slower one, shared among all 2n operations.
func together(a, b *worker) runner {
	return func(n int) (float64, error) {
		begin := time.Now()
		if err := a.begin(n); err != nil {
			return 0, err
		}
		if err := b.begin(n); err != nil {
			return 0, err
		}
		if _, err := a.end(); err != nil {
			return 0, err
		}
		_, err := b.end()
		return float64(time.Since(begin)) / 2, err
	}
}
