package shmtest

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() {
	Register("echo", func(c *Child) {
		c.Say(append([]any{"args"}, toAny(c.Args)...)...)
		for {
			line := c.Hear()
			if line == "end" {
				return
			}
			c.Say("echo", line)
		}
	})
	Register("park", func(c *Child) { c.Say("parked"); c.Park() })
	Register("talk", func(c *Child) {
		for i := range 1000 { // which is more than is read at once, and less than a pipe takes
			c.Say(i)
		}
		c.Park()
	})
	Register("fail", func(c *Child) { c.Must(os.ErrInvalid) })
}

func toAny(s []string) (out []any) {
	for _, v := range s {
		out = append(out, v)
	}
	return out
}

func TestConversation(t *testing.T) {
	Watchdog(t, time.Minute)
	p := Start(t, "echo", "one", "two words")
	p.Expect("args one two words")
	for _, line := range []string{"first", "", "third line"} {
		p.Send(line)
		p.Expect("echo " + line)
	}
	p.Send("end")
	p.Wait()
	p.Kill() // after Wait it does nothing
}

func TestKilledProcessIsGone(t *testing.T) {
	Watchdog(t, time.Minute)
	p := Start(t, "park")
	p.Expect("parked")
	p.Kill()
	p.Kill()
	if status, ok := p.Cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signal() != syscall.SIGKILL {
		t.Errorf("ended by %v", p.Cmd.ProcessState)
	}
	if len(running.list()) != 0 {
		t.Error("the watchdog would still ask it")
	}
}

// What a process said before it was killed is not lost because nobody had read it by then.
func TestLastWords(t *testing.T) {
	Watchdog(t, time.Minute)
	p := Start(t, "talk")
	p.Expect("0")
	p.Send(strings.Repeat("x", 1<<20)) // it does not listen before it has said all
	p.Kill()
	for i := 1; i < 1000; i++ {
		p.Expect(strconv.Itoa(i))
	}
	if line, ok := p.Next(); ok {
		t.Errorf("it says %q", line)
	}
}

// failures is a testing.TB that notes failures and goes on.
type failures struct {
	testing.TB
	text []string
}

func (f *failures) Errorf(format string, args ...any) { f.text = append(f.text, format) }

func TestWaitReportsFailure(t *testing.T) {
	Watchdog(t, time.Minute)
	f := &failures{TB: t}
	p := StartWith(f, func(cmd *exec.Cmd) { cmd.Stderr = new(strings.Builder) }, "fail")
	p.Wait()
	if len(f.text) == 0 {
		t.Error("a helper that fails went unnoticed")
	}
	if said := p.Cmd.Stderr.(*strings.Builder).String(); !strings.Contains(said, "helper fail: invalid argument") {
		t.Errorf("it said %q", said)
	}
}

// A helper ends when its test binary is gone.
func TestHelperEndsWithItsParent(t *testing.T) {
	Watchdog(t, time.Minute)
	Need("park")
	cmd := exec.Command(self())
	cmd.Env = append(os.Environ(), roleEnv+"=park")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	in.Close()
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("ended with %v, want exit status 3", err)
	}
}
