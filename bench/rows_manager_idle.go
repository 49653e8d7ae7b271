package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"shmkit/manager"
)

const (
	manyIdle  = 10000
	quickIdle = 100
)

// managerIdleRow is what a client costs the server that is connected and does nothing.
func managerIdleRow() benchmark {
	return benchmark{name: "manager/idle-client", unit: "KiB", scale: 1 << 10, peer: limitPeer, limit: 64, samples: 1, start: idleClients}
}

// idleClients counts bytes and not nanoseconds.
func idleClients(l *lab) (contest, error) {
	m, err := l.manager("unix")
	if err != nil {
		return contest{}, err
	}
	server := m.Process().PID()
	if _, err := memoryOf(server); err != nil {
		return contest{}, fmt.Errorf("%w: %w", errLeftOut, err)
	}
	n := manyIdle
	if l.quick {
		n = quickIdle
	}
	var each float64
	ours := func(int) (float64, error) {
		if each != 0 {
			return each, nil // they are there
		}
		before, err := memoryOf(server)
		if err != nil {
			return 0, err
		}
		if _, err := l.child("manager-idle", "unix", m.Address(), strconv.Itoa(n)); err != nil {
			return 0, err
		}
		after, err := memoryOf(server)
		each = float64(after-before) / float64(n)
		return each, err
	}
	return contest{ours: ours, finish: func() (string, error) { return fmt.Sprintf("%d clients", n), nil }}, nil
}

// memoryOf is what a process has of its own, in bytes.
func memoryOf(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return n << 10, err
		}
	}
	return 0, errWorker
}

// managerIdleChild has so many clients.
func managerIdleChild(args []string) (role, error) {
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return nil, err
	}
	for range n {
		c, err := manager.Dial(context.Background(), args[0], args[1], managerSetup(args[0])...)
		if err != nil {
			return nil, err
		}
		idle = append(idle, c)
	}
	return still, nil
}

var idle []*manager.Client
