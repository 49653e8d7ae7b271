package mutants

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"shmkit/internal/shmtest"
)

// Every mutant still applies, and what it makes compiles. That costs seconds, so
// it is in every run of the tests: whoever moves code adapts the mutants with it.
func TestMutantsCompile(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: under -race it says the same, slower")
	}
	pkgs := listed(t)
	for _, m := range all() {
		text, err := m.text()
		if err == nil && strings.HasSuffix(m.file, ".go") {
			err = pkgs.check(m, text)
		}
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

// goPackage is what go list tells of a package.
type goPackage struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

type goPackages map[string]goPackage // by import path

// listed are the packages that mutants change, and all that those import.
func listed(t *testing.T) goPackages {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles"}
	for _, m := range all() {
		if dir := "./" + path.Dir(m.file); !strings.Contains(strings.Join(args, " ")+" ", " "+dir+" ") {
			args = append(args, dir)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all := goPackages{}
	for d := json.NewDecoder(out); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

// check type-checks the package of m, with text in place of the file.
func (all goPackages) check(m mutant, text string) error {
	fset := token.NewFileSet()
	importPath := "shmkit/" + path.Dir(m.file)
	p := all[importPath]
	var files []*ast.File
	for _, name := range p.GoFiles {
		var source any
		if name == path.Base(m.file) {
			source = text
		}
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(all[path].Export) }
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", open)}
	_, err := config.Check(importPath, fset, files, nil)
	return err
}

// The same for the C header.
func TestMutantsOfTheHeaderCompile(t *testing.T) {
	cc := shmtest.CC(t)
	for _, m := range inHeader {
		text, err := m.text()
		if err != nil {
			continue // the other test tells
		}
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "include"))); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(m.file)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), cc, "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
			filepath.Join(dir, "shmkit.h"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", m.name, err, out)
		}
	}
}
