package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// source is one Go file of the module, or of a module nested in it.
type source struct {
	path string // from the root, with slashes
	dir  string // its folder: "shm", "internal/sys", …
	text string
	ast  *ast.File
}

func (s *source) test() bool      { return strings.HasSuffix(s.path, "_test.go") }
func (s *source) generated() bool { return ast.IsGenerated(s.ast) }

var fset = token.NewFileSet()

func (s *source) line(p token.Pos) int { return fset.Position(p).Line }

// sources parses every Go file of the tree.
func sources(t *testing.T) (all []*source) {
	t.Helper()
	walk(t, func(path string) {
		if !strings.HasSuffix(path, ".go") {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		all = append(all, &source{path, dir, string(text), file})
	})
	if len(all) < 50 {
		t.Fatalf("found %d files only: is %s the root?", len(all), root)
	}
	return all
}

// walk calls f for every file of the tree that is not hidden or test data.
func walk(t *testing.T, f func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && rel != "." && (strings.HasPrefix(name, ".") && name != ".ci" || name == "testdata") {
			return filepath.SkipDir
		}
		if !d.IsDir() {
			f(filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
