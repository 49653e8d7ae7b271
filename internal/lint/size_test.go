package lint

import (
	"bytes"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"testing"
)

// Sizes in lines. Above the first a file or function is printed, above the second
// it is refused: a file is one type, a function fits a screen, and only the slow
// path of a lock is longer.
const (
	longFile, hugeFile         = 300, 500
	longFunction, hugeFunction = 40, 90
)

func TestSizeOfFiles(t *testing.T) {
	err := walk(func(name string) error {
		if ext := path.Ext(name); ext != ".go" && ext != ".h" && ext != ".c" {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || bytes.Contains(text, []byte("Code generated ")) {
			return err
		}
		report(t, name, bytes.Count(text, []byte("\n")), longFile, hugeFile)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSizeOfFunctions(t *testing.T) {
	for _, s := range tree(t) {
		if s.generated {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				report(t, s.at(f.Pos())+": "+f.Name.Name, s.span(f), longFunction, hugeFunction)
			}
		}
	}
}

func report(t *testing.T, what string, size, long, huge int) {
	t.Helper()
	switch {
	case size > huge:
		t.Errorf("%s has %d lines; the hard stop is %d", what, size, huge)
	case size > long:
		t.Logf("%s has %d lines; try to stay below %d", what, size, long)
	}
}
