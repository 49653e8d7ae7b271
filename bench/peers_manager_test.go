package main

import (
	"errors"
	"testing"
	"time"

	"shmkit/internal/shmtest"
)

// All peers do all errands, and check what they get; the numbers are not looked at.
func TestManagerPeers(t *testing.T) {
	shmtest.Watchdog(t, 5*time.Minute)
	l, err := newLab(true)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	for _, what := range []string{"value-get", "value-set", "list-append", "dict-set", "queue-put-get", "lock"} {
		e := errand{what: what, size: 8}
		for name, peer := range map[string]func(*lab) (runner, error){
			"python": pythonManager(e), "tcp": pythonManagerTCP(e), "redis": redisServer(e, 1), "redis-16": redisServer(e, 16),
		} {
			if what == "lock" && name == "redis-16" {
				continue // nobody waits for that lock, so many cannot have it
			}
			t.Run(what+"/"+name, func(t *testing.T) { run100(t, l, peer) })
		}
	}
}

func run100(t *testing.T, l *lab, peer func(*lab) (runner, error)) {
	defer l.endRow()
	run, err := peer(l)
	if errors.Is(err, errLeftOut) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if ns, err := run(100); err != nil || ns <= 0 {
		t.Errorf("got %v ns, %v", ns, err)
	}
}
