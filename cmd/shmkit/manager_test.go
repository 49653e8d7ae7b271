package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/shm"
)

// serving starts a server, and gives its process and what it prints when it is ready.
func serving(t *testing.T, args ...string) (*shmtest.Process, string) {
	t.Helper()
	path, err := program()
	must(t, err)
	cmd := exec.Command(path, append([]string{"manager"}, args...)...)
	cmd.Stderr = new(bytes.Buffer)
	p := shmtest.StartCommand(t, cmd)
	return p, p.Line()
}

func keyFile(t *testing.T, key string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(path, []byte(key), mode))
	return path
}

// A server of the tool is dialed by who has the key, and ends well when it is told to.
func TestManager(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	keyed := []string{"--key-file", keyFile(t, key+"\n", 0o600)}
	for listen, flags := range map[string][]string{"shm:": nil, "unix:": keyed, "tcp:127.0.0.1:0": keyed, "tcp:": {"--insecure"}} {
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			shmtest.Watchdog(t, time.Minute)
			p, ready := serving(t, append(flags, "--listen", listen)...)
			family, address, _ := strings.Cut(ready, ":")
			var setups []manager.Setup
			if len(flags) == 1 {
				setups = append(setups, manager.Insecure())
			} else if len(flags) == 2 {
				setups = append(setups, manager.WithKey([]byte(key)))
			}
			c, err := manager.Dial(context.Background(), family, address, setups...)
			must(t, err)
			v, err := manager.NewValue(c, 1)
			must(t, err)
			must(t, v.Store(2))
			p.Signal(signal)
			if line, ok := p.Next(); ok {
				t.Errorf("%s: it says %q", listen, line)
			}
			p.Wait()
			if err := v.Store(3); err == nil {
				t.Errorf("%s: it serves after %v", listen, signal)
			}
			must(t, c.Close())
		}
	}
	must(t, shm.CloseDefault())
}

func TestManagerJSON(t *testing.T) {
	_, ready := serving(t, "--json", "--listen", "unix:@shmkit-test-"+filepath.Base(t.TempDir()), "--insecure")
	if ready != "{" {
		t.Errorf("it says %q", ready)
	}
}

func TestManagerUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"--listen .* is missing": nil,
		"needs --insecure":       {"--listen", "tcp:127.0.0.1:0"},
		"needs --key-file":       {"--listen", "unix:@name"},
		"is too much":            {"here"},
		"--sync is of --log":     {"--listen", "shm:", "--sync"},
		"no flag --force":        {"--force"},
	} {
		contains(t, shmkit(t, 2, append([]string{"manager"}, args...)...), want)
	}
	for want, args := range map[string][]string{
		"wrong family":     {"--listen", "carrier:pigeon"},
		"no such file":     {"--listen", "tcp:", "--key-file", "/no/such/key"},
		"chmod 600":        {"--listen", "tcp:", "--key-file", keyFile(t, "0123456789abcdef", 0o644)},
		"the key is empty": {"--listen", "tcp:", "--key-file", keyFile(t, "\n", 0o600)},
		"weak key":         {"--listen", "tcp:", "--key-file", keyFile(t, "short", 0o600)},
		"not a log":        {"--listen", "shm:", "--log", keyFile(t, "something else than a log of a manager", 0o600)},
		"address nowhere":  {"--listen", "tcp:nowhere", "--insecure"},
	} {
		contains(t, shmkit(t, 1, append([]string{"manager"}, args...)...), want)
	}
}
