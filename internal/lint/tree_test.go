package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	root   = "../.."
	module = "shmkit"
)

// source is one parsed .go file. Paths are relative to the root, with slashes.
type source struct {
	path      string
	dir       string
	text      []byte
	fset      *token.FileSet
	file      *ast.File
	test      bool
	generated bool
}

func (s *source) base() string               { return path.Base(s.path) }
func (s *source) line(p token.Pos) int       { return s.fset.Position(p).Line }
func (s *source) at(p token.Pos) string      { return s.fset.Position(p).String() }
func (s *source) in(dirs ...string) bool     { return under(s.dir, dirs...) }
func (s *source) program() bool              { return s.file.Name.Name == "main" }
func (s *source) span(n ast.Node) (size int) { return s.line(n.End()) - s.line(n.Pos()) + 1 }

// under tells whether dir is one of the given directories or lies below one.
func under(dir string, dirs ...string) bool {
	for _, d := range dirs {
		if dir == d || strings.HasPrefix(dir, d+"/") {
			return true
		}
	}
	return false
}

// walk visits every file of the repository that is not hidden; .ci is looked at.
func walk(visit func(name string) error) error {
	return filepath.WalkDir(root, func(full string, d fs.DirEntry, err error) error {
		if err != nil || full == root {
			return err
		}
		name, err := filepath.Rel(root, full)
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && d.Name() != ".ci" && d.Name() != ".gitignore"
		switch {
		case hidden && d.IsDir():
			return filepath.SkipDir
		case hidden || !d.Type().IsRegular():
			return nil
		}
		return visit(filepath.ToSlash(name))
	})
}

var parseTree = sync.OnceValues(func() (all []*source, err error) {
	fset := token.NewFileSet()
	err = walk(func(name string) error {
		if path.Ext(name) != ".go" || strings.Contains("/"+name, "/testdata/") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, &source{
			path: name, dir: path.Dir(name), text: text, fset: fset, file: file,
			test: strings.HasSuffix(name, "_test.go"), generated: ast.IsGenerated(file),
		})
		return nil
	})
	return all, err
})

// tree is every .go file of the repository.
func tree(t *testing.T) []*source {
	t.Helper()
	all, err := parseTree()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
