package shmtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Stop sends SIGSTOP and returns when every thread of the process stands still.
func (p *Process) Stop() {
	p.t.Helper()
	p.Signal(syscall.SIGSTOP)
	AwaitStop(p.PID())
}

// AwaitStop returns when every thread of a process that was sent SIGSTOP stands still.
func AwaitStop(pid int) {
	for !stopped(pid) {
		runtime.Gosched()
	}
}

// Cont lets a stopped process go on.
func (p *Process) Cont() {
	p.t.Helper()
	p.Signal(syscall.SIGCONT)
}

// stopped is also true of a process that is gone: nobody needs to wait for it.
func stopped(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		state := text[bytes.LastIndexByte(text, ')')+2]
		if !bytes.ContainsRune([]byte("TtZX"), rune(state)) {
			return false
		}
	}
	return true
}

// askForStacks makes a Go program print its goroutines and end.
func askForStacks(p *Process) {
	p.Cmd.Process.Signal(syscall.SIGQUIT)
	p.Cmd.Process.Signal(syscall.SIGCONT)
}
