package lint

import (
	"go/ast"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// systemCallers may use package syscall as a whole outside their tests.
var systemCallers = map[string]string{
	"internal/sys":     "the only system calls",
	"internal/shmtest": "stops and kills processes, for tests",
	"internal/crash":   "traces processes, for tests",
	"cmd":              "a program deals with signals and exit codes",
	"examples":         "a program deals with signals and exit codes",
	"bench":            "a program deals with signals and exit codes",
}

// errno are names that are compared by errors.Is, that say what a process is to be or was, and
// the interface of what has a descriptor: they call nothing.
var errno = regexp.MustCompile(`^(E[A-Z0-9]+|Errno|Conn|SIG[A-Z0-9]+|Signal|WaitStatus|SysProcAttr)$`)

func TestUnsafe(t *testing.T) {
	for _, s := range tree(t) {
		if !imports(s, "unsafe") || strings.HasSuffix(s.base(), "_unsafe.go") ||
			strings.HasSuffix(s.base(), "_unsafe_linux.go") || strings.HasSuffix(s.base(), "_unsafe_test.go") {
			continue
		}
		t.Errorf("%s imports unsafe: only *_unsafe.go, *_unsafe_linux.go and *_unsafe_test.go may", s.path)
	}
}

func TestSystemCalls(t *testing.T) {
	for _, s := range tree(t) {
		if s.test || allowed(s) {
			continue
		}
		if imports(s, "golang.org/x/sys/unix") {
			t.Errorf("%s imports golang.org/x/sys/unix: system calls are made in internal/sys", s.path)
		}
		if !imports(s, "syscall") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "syscall" && !errno.MatchString(sel.Sel.Name) {
					t.Errorf("%s: syscall.%s: system calls are made in internal/sys", s.at(sel.Pos()), sel.Sel.Name)
				}
			}
			return true
		})
	}
}

func allowed(s *source) bool {
	for dir := range systemCallers {
		if s.in(dir) {
			return true
		}
	}
	return false
}

func imports(s *source, target string) bool {
	for _, spec := range s.file.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); path == target {
			return true
		}
	}
	return false
}
