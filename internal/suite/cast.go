package suite

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"shmkit/internal/shmtest"
)

// goroutine is an actor of this process.
func (s *Stage) goroutine(i int) *Player {
	handle, do, err := s.world.kinds[s.kind].Open(Text(s.T, s.Object))
	if err != nil {
		s.T.Fatal(err)
	}
	calls, answered := make(chan string, 1), make(chan string, 1)
	var ended sync.WaitGroup
	ended.Go(func() {
		for call := range calls {
			answered <- do(strings.Fields(call))
		}
		handle.Close()
	})
	s.T.Cleanup(func() { close(calls); ended.Wait() })
	return &Player{
		T: s.T, at: s.At, Name: fmt.Sprintf("goroutine %d", i), pid: os.Getpid(),
		tell: func(line string) { calls <- line }, answered: answered,
	}
}

// process is an actor that is a process of this binary.
func (s *Stage) process(i int) *Player {
	args := []string{s.kind, Text(s.T, s.Object)}
	if g, ok := s.At.(Greeter); ok {
		args = append(args, g.Greeting())
	}
	p := shmtest.Start(s.T, s.world.actor, args...)
	return s.other(p, fmt.Sprintf("process %d", i))
}

// program is an actor that is another program.
func (s *Stage) program(i int) *Player {
	p := shmtest.StartCommand(s.T, s.world.Program(s.T, s.At, s.kind))
	return s.other(p, fmt.Sprintf("program %d", i))
}

func (s *Stage) other(p *shmtest.Process, name string) *Player {
	p.Expect("ready")
	answered := make(chan string, 1)
	return &Player{
		T: s.T, at: s.At, Name: name, pid: p.PID(),
		kill:     func() { p.Kill(); s.At.Gone(p.PID()) },
		answered: answered,
		tell: func(line string) {
			p.Send(line)
			go func() {
				answer, ok := p.Next()
				if !ok {
					answer = "(ended)"
				}
				answered <- answer
			}()
		},
	}
}

// act is what a process of this binary does.
func (w *World) act(c *shmtest.Child) {
	if w.Arrive != nil && len(c.Args) > 2 {
		c.Must(w.Arrive(c.Args[2]))
	}
	_, do, err := w.kinds[c.Args[0]].Open(c.Args[1])
	c.Must(err)
	c.Say("ready")
	for {
		c.Say(do(strings.Fields(c.Hear())))
	}
}
