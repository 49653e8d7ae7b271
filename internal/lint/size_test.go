package lint

import (
	"go/ast"
	"strings"
	"testing"
)

// Sizes: beyond the hard limits is an error, beyond the soft ones is reported.
const (
	softFile, hardFile = 300, 500
	softFunc, hardFunc = 40, 90
)

func TestSizes(t *testing.T) {
	for _, s := range sources(t) {
		if s.generated() {
			continue
		}
		lines := strings.Count(s.text, "\n")
		limit(t, s.path, lines, softFile, hardFile)
		for _, decl := range s.ast.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				n := s.line(f.End()) - s.line(f.Pos()) + 1
				limit(t, s.path+" "+f.Name.Name, n, softFunc, hardFunc)
			}
		}
	}
}

func limit(t *testing.T, what string, n, soft, hard int) {
	t.Helper()
	switch {
	case n > hard:
		t.Errorf("%s has %d lines, at most %d", what, n, hard)
	case n > soft:
		t.Logf("%s has %d lines, more than %d", what, n, soft)
	}
}
