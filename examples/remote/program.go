package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// A program is this one again, in another role, on a machine.
type program struct {
	name string
	in   io.WriteCloser
	out  *bufio.Scanner
	cmd  *exec.Cmd
}

// A signal is a line of a program that is not for people.
const signal = "! "

// start starts a program in a role, which is given the key first, because that is nothing for a
// command line.
func (m *machine) start(role string, key []byte, args ...string) (*program, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &program{name: m.name + ", " + role, cmd: exec.Command(self, append([]string{role}, args...)...)}
	p.cmd.Stderr = os.Stderr
	in, err1 := p.cmd.StdinPipe()
	out, err2 := p.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, m.do(p.cmd.Start)); err != nil {
		return nil, err
	}
	p.in, p.out = in, bufio.NewScanner(out)
	return p, p.say(hex.EncodeToString(key))
}

func (p *program) say(line string) error {
	_, err := io.WriteString(p.in, line+"\n")
	return err
}

// hear shows what the program prints until it gives a signal, which begins with want, and gives
// the rest of that.
func (p *program) hear(want string) (string, error) {
	for p.out.Scan() {
		line := p.out.Text()
		got, ok := strings.CutPrefix(line, signal)
		if !ok {
			fmt.Printf("%s: %s\n", p.name, line)
			continue
		}
		rest, ok := strings.CutPrefix(got, want)
		if !ok {
			return "", fmt.Errorf("%s says %q, not %q", p.name, got, want)
		}
		return strings.TrimSpace(rest), nil
	}
	return "", fmt.Errorf("%s has ended, and has not said %q", p.name, want)
}

// end waits until the program has ended well, which it does when nobody can say anything more.
func (p *program) end() error {
	p.in.Close()
	for p.out.Scan() {
		fmt.Printf("%s: %s\n", p.name, p.out.Text())
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}
