package lint

import (
	"regexp"
	"strings"
	"testing"
)

var unsafeFile = regexp.MustCompile(`_unsafe(_linux|_test)?\.go$`)

// systemCalls are the non-test files outside internal/sys that may import syscall,
// each with its reason. Nothing but internal/sys makes a system call.
var systemCalls = map[string]string{
	"shm/host.go": "names syscall.ENOSPC, for errors.Is",
}

func TestUnsafe(t *testing.T) {
	for _, s := range sources(t) {
		for _, spec := range s.ast.Imports {
			switch spec.Path.Value {
			case `"unsafe"`:
				if !unsafeFile.MatchString(s.path) {
					t.Errorf("%s imports unsafe: its name must end in _unsafe.go", s.path)
				}
			case `"syscall"`, `"golang.org/x/sys/unix"`:
				program := strings.HasPrefix(s.dir, "bench") || strings.HasPrefix(s.dir, "cmd") || strings.HasPrefix(s.dir, "examples")
				if s.dir != "internal/sys" && s.dir != "internal/shmtest" && !s.test() && !program && systemCalls[s.path] == "" {
					t.Errorf("%s imports %s: system calls are made in internal/sys", s.path, spec.Path.Value)
				}
			}
		}
	}
}
