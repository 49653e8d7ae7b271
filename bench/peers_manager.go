package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// errand is what a client of a manager does again and again. The peers know it by name:
// "value-get", "value-set", "list-append", "dict-set", "queue-put-get", "lock".
type errand struct {
	what string
	size int // bytes of what is stored, for "dict-set"
}

// pythonManager is a server in Python and its client, on a unix socket.
func pythonManager(e errand) func(*lab) (runner, error) {
	return func(l *lab) (runner, error) {
		path := filepath.Join(l.dir, "manager.sock")
		if err := os.RemoveAll(path); err != nil { // of the row before
			return nil, err
		}
		return l.python("peer/manager.py", e.what, fmt.Sprint(e.size), path)
	}
}

// pythonManagerTCP is the same over tcp, without TLS, which multiprocessing does not have.
func pythonManagerTCP(e errand) func(*lab) (runner, error) {
	return func(l *lab) (runner, error) { return l.python("peer/manager.py", e.what, fmt.Sprint(e.size), "tcp") }
}

// redisServer is a server of Redis, and one client that has so many goroutines: see
// bench/redis.
func redisServer(e errand, callers int) func(*lab) (runner, error) {
	return func(l *lab) (runner, error) {
		if err := haveRedis(); err != nil {
			return nil, err
		}
		program, err := l.program("redis")
		if err != nil {
			return nil, err
		}
		w, err := l.work(exec.Command(program, l.dir, e.what, fmt.Sprint(e.size), fmt.Sprint(callers)))
		if err != nil {
			return nil, err
		}
		return w.run, nil
	}
}

// haveRedis gives errLeftOut where there is no server under any of its names.
func haveRedis() error {
	for _, name := range []string{"redis-server", "redis-check-rdb"} {
		if _, err := exec.LookPath(name); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%w: redis-server was not found (Debian: redis-tools has it)", errLeftOut)
}
