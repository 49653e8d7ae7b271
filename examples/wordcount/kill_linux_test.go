package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A worker is killed in the middle of a file. The file is a pipe, so that it is known which
// worker reads it, and that it is not through.
func TestKilledWorker(t *testing.T) {
	watchdog := time.AfterFunc(2*time.Minute, func() { panic("nobody reads the pipe") })
	defer watchdog.Stop()
	command := build(t)
	folder, text := t.TempDir(), []byte("it was read by\nanother worker\n")
	path := filepath.Join(folder, "slow")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	want := expected(t, "../../docs", folder)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	var got, told bytes.Buffer
	cmd := command("-workers", "3", "-quiet", "../../docs", folder)
	cmd.Stdout, cmd.Stderr = &got, &told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_WRONLY, 0) // waits until somebody reads
	if err != nil {
		t.Fatal(err)
	}
	first := reader(path, 0)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if second := reader(path, first); second == cmd.Process.Pid {
		t.Error("the parent counts")
	}
	if _, err := pipe.Write(text); err != nil {
		t.Error(err)
	}
	pipe.Close()
	if err := cmd.Wait(); err != nil || got.String() != want {
		t.Errorf("%v\n%s%s\nwant\n%s", err, told.String(), got.String(), want)
	}
}

// reader waits until a process has the pipe open that is not this one, and not that one.
func reader(path string, not int) int {
	for ; ; runtime.Gosched() {
		all, _ := filepath.Glob("/proc/[0-9]*/fd/*")
		for _, fd := range all {
			if to, err := os.Readlink(fd); err != nil || to != path {
				continue
			}
			pid, _ := strconv.Atoi(strings.Split(fd, "/")[2])
			if pid != os.Getpid() && pid != not {
				return pid
			}
		}
	}
}
