package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// A machine is a network namespace, which ends with its thread and the programs on it.
type machine struct {
	name string
	tid  int
	work chan func()
}

func newMachine(name string) (*machine, error) {
	m := &machine{name: name, work: make(chan func())}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		m.tid = syscall.Gettid()
		made <- syscall.Unshare(syscall.CLONE_NEWNET)
		for f := range m.work {
			f()
		}
	}()
	return m, <-made
}

// do runs f on the machine: what it starts is there too.
func (m *machine) do(f func() error) error {
	done := make(chan error)
	m.work <- func() { done <- f() }
	return <-done
}

// ip runs ip(8) on the machine.
func (m *machine) ip(args string) error {
	return m.do(func() error {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", args, err, out)
		}
		return nil
	})
}

// connect lays a cable from a to b.
func connect(a, b *machine) error {
	if err := a.ip(fmt.Sprintf("link add cable type veth peer name cable netns %d", b.tid)); err != nil {
		return err
	}
	for _, step := range []struct {
		on   *machine
		args string
	}{
		{a, "addr add 10.9.0.1/24 dev cable"}, {b, "addr add 10.9.0.2/24 dev cable"}, {a, "link set lo up"},
		{a, "link set cable up"}, {b, "link set cable up"},
	} {
		if err := step.on.ip(step.args); err != nil {
			return err
		}
	}
	return nil
}

// inside is set in the environment of a program that is root of a user namespace of its own.
const inside = "SHMKIT_REMOTE_INSIDE"

// asRoot runs this program again where it may make network namespaces, if it may not here, and
// tells whether it did.
// Errors: errSkipped; how that program ended.
func asRoot() (done bool, err error) {
	if os.Geteuid() == 0 || os.Getenv(inside) != "" {
		return false, nil
	}
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if err := cmd.Start(); err != nil {
		return true, fmt.Errorf("%w: it needs root, or user namespaces: %w", errSkipped, err)
	}
	return true, cmd.Wait()
}
