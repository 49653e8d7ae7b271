package main

import (
	"bufio"
	"encoding"
	"fmt"
	"io"
	"os"
	"os/exec"
)

const roleEnv = "SHMKIT_TOUR_ROLE"

// roles are what a child can do. args are handles in text form.
var roles = map[string]func(args []string) error{
	"fill":    fill,
	"print":   printLine,
	"hold":    holdForEver,
	"visit":   visit,
	"inputQ":  inputQ,
	"outputQ": outputQ,
	"proc1":   proc1,
	"proc2":   proc2,
	"half":    sendHalf,
}

// runChild does the part of a child, if this process is one, and exits.
func runChild() {
	role, ok := roles[os.Getenv(roleEnv)]
	if !ok {
		return
	}
	if err := role(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tour: child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child is a process that runs one role.
type child struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

// start runs role in a new process.
func start(role string, handles ...encoding.TextMarshaler) (*child, error) {
	cmd, err := command(role, handles)
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &child{cmd, bufio.NewReader(out)}, cmd.Start()
}

// runInto runs role in a new process, with w as its standard output, and waits for it.
func runInto(w *os.File, role string, handles ...encoding.TextMarshaler) error {
	cmd, err := command(role, handles)
	if err != nil {
		return err
	}
	cmd.Stdout = w
	return cmd.Run()
}

// command is this program once more, to play role. Each handle is passed as text; any
// process of this user could pick it up.
func command(role string, handles []encoding.TextMarshaler) (*exec.Cmd, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe)
	for _, h := range handles {
		text, err := h.MarshalText()
		if err != nil {
			return nil, err
		}
		cmd.Args = append(cmd.Args, string(text))
	}
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// line is the next line that the child prints.
func (c *child) line() (string, error) {
	s, err := c.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("child %d printed nothing: %w", c.cmd.Process.Pid, err)
	}
	return s[:len(s)-1], nil
}

// wait copies what the child still prints and waits for it.
func (c *child) wait() error {
	_, err := io.Copy(os.Stdout, c.out)
	if e := c.cmd.Wait(); e != nil {
		return e
	}
	return err
}

// receive opens a handle that came as an argument.
func receive(args []string, into ...encoding.TextUnmarshaler) error {
	if len(args) != len(into) {
		return fmt.Errorf("%d handles, want %d", len(args), len(into))
	}
	for i, v := range into {
		if err := v.UnmarshalText([]byte(args[i])); err != nil {
			return err
		}
	}
	return nil
}
