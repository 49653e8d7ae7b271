package lint

import (
	"go/ast"
	"go/constant"
	"go/importer"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Errors that callers compare are made once, and say who made them.
func TestErrorsAreSentinels(t *testing.T) {
	for _, s := range tree(t) {
		if s.test {
			continue
		}
		ast.PreorderStack(s.file, nil, func(n ast.Node, stack []ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isCall(call, "errors", "New") {
				return true
			}
			if slices.ContainsFunc(stack, isFunction) {
				t.Errorf("%s: errors.New inside a function: callers cannot compare it", s.at(call.Pos()))
			}
			if lit, ok := call.Args[0].(*ast.BasicLit); ok && !s.program() {
				text, _ := strconv.Unquote(lit.Value)
				if prefix := s.file.Name.Name + ": "; !strings.HasPrefix(text, prefix) {
					t.Errorf("%s: %q does not begin with %q", s.at(call.Pos()), text, prefix)
				}
			}
			return true
		})
	}
}

func isFunction(n ast.Node) bool {
	switch n.(type) {
	case *ast.FuncDecl, *ast.FuncLit:
		return true
	}
	return false
}

func isCall(call *ast.CallExpr, pkg, name string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg
}

// An error that is formatted with anything but %w is hidden from errors.Is.
func TestErrorsAreWrapped(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short, needs the compiler's export data")
	}
	lookup := exportData(t)
	byDir := map[string][]*source{}
	for _, s := range tree(t) {
		if !s.test && !s.in("bench") && buildable(s) {
			byDir[s.dir] = append(byDir[s.dir], s)
		}
	}
	for dir, sources := range byDir {
		var files []*ast.File
		for _, s := range sources {
			files = append(files, s.file)
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		conf := types.Config{
			Importer: importer.ForCompiler(sources[0].fset, "gc", lookup),
			Error:    func(error) {}, // the compiler reports them
		}
		conf.Check(module+"/"+dir, sources[0].fset, files, info)
		for _, s := range sources {
			checkWrapping(t, s, info)
		}
	}
}

func checkWrapping(t *testing.T, s *source, info *types.Info) {
	t.Helper()
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !isCall(call, "fmt", "Errorf") {
			return true
		}
		format := info.Types[call.Args[0]].Value
		if format == nil {
			return true
		}
		failures := 0
		for _, arg := range call.Args[1:] {
			if isError(info.Types[arg].Type) {
				failures++
			}
		}
		if wrapped := strings.Count(constant.StringVal(format), "%w"); wrapped < failures {
			t.Errorf("%s: %d errors and %d %%w in %s", s.at(call.Pos()), failures, wrapped, format)
		}
		return true
	})
}

var errorType = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)

func isError(typ types.Type) bool {
	return typ != nil && typ != types.Typ[types.UntypedNil] && types.Implements(typ, errorType)
}

// buildable leaves out the files of other systems, by their names and by the one
// tag that this module uses for them.
func buildable(s *source) bool {
	for _, g := range s.file.Comments {
		if g.Pos() > s.file.Package {
			break
		}
		for _, c := range g.List {
			if c.Text == "//go:build !linux" || c.Text == "//go:build race" || strings.HasPrefix(c.Text, "//go:build ignore") {
				return false
			}
		}
	}
	return true
}

// exportData gives what the compiler wrote about every package that ours import.
func exportData(t *testing.T) importer.Lookup {
	t.Helper()
	gotool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("skipped: no go command")
	}
	cmd := exec.CommandContext(t.Context(), gotool, "list", "-e", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[name] = file
	}
	return func(name string) (io.ReadCloser, error) { return os.Open(files[name]) }
}
