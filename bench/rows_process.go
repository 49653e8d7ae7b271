package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"shmkit/process"
)

const (
	execPeer = "os/exec of the same binary"
	forkPeer = "Python's Process, by fork"
)

func processRows() []benchmark {
	return []benchmark{
		{name: "process/start-wait", unit: "µs", scale: 1e3, peer: execPeer, target: 1.2, start: startWait(plainExec)},
		{name: "process/start-wait-python", unit: "µs", scale: 1e3, peer: forkPeer, target: 0.6, start: startWait(pythonFork)},
	}
}

// doNothing is a function that has an argument and a result, as any has.
var doNothing = process.RegisterFunc("nothing", func(_ context.Context, x int) (int, error) { return x, nil })

// startWait starts a process, and waits until it has ended, one after the other.
func startWait(peer func(*lab) (runner, error)) func(*lab) (contest, error) {
	return func(l *lab) (contest, error) {
		theirs, err := peer(l)
		if err != nil {
			return contest{}, err
		}
		var failed error
		ours := timed(func(n int) {
			for i := range n {
				if err := startOne(i); err != nil {
					failed = err
				}
			}
		})
		return between(func(n int) (float64, error) {
			ns, _ := ours(n)
			return ns, failed
		}, theirs)
	}
}

func startOne(x int) error {
	p, err := doNothing.Start(context.Background(), x)
	if err != nil {
		return err
	}
	if got, err := p.Result(); err != nil || got != x {
		return fmt.Errorf("bench: %d came back as %d: %w", x, got, err)
	}
	return p.Close()
}

// exitRole is of a process that ends at once.
const exitRole = "exit"

// plainExec runs this program, which ends where Main would begin.
func plainExec(*lab) (runner, error) {
	environment := append(os.Environ(), roleEnv+"="+exitRole)
	return func(n int) (float64, error) {
		var failed error
		ns, _ := timed(func(n int) {
			for range n {
				cmd := exec.Command("/proc/self/exe")
				cmd.Env = environment
				if err := cmd.Run(); err != nil {
					failed = err
				}
			}
		})(n)
		return ns, failed
	}, nil
}

// pythonFork is a process of Python that starts others.
func pythonFork(l *lab) (runner, error) {
	return l.python("peer/process.py")
}
