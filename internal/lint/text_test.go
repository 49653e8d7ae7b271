package lint

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Errors: fmt.Errorf wraps with %w; errors.New is a variable of the package whose
// text starts with the package's name.
func TestErrors(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || strings.HasPrefix(s.dir, "bench") || s.ast.Name.Name == "main" {
			continue
		}
		prefix := s.ast.Name.Name + ": "
		for _, decl := range s.ast.Decls {
			_, inFunc := decl.(*ast.FuncDecl)
			ast.Inspect(decl, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				format, _ := call.Args[0].(*ast.BasicLit)
				if format == nil {
					return true
				}
				text, _ := strconv.Unquote(format.Value)
				switch where := s.path + ":" + strconv.Itoa(s.line(call.Pos())); callee(call) {
				case "errors.New":
					if inFunc || !strings.HasPrefix(text, prefix) {
						t.Errorf("%s: errors.New(%q): must be a package variable with prefix %q", where, text, prefix)
					}
				case "fmt.Errorf":
					last, _ := call.Args[len(call.Args)-1].(*ast.Ident)
					if last != nil && last.Name == "err" && !strings.Contains(text, "%w") {
						t.Errorf("%s: fmt.Errorf(%q) drops the error: use %%w", where, text)
					}
				}
				return true
			})
		}
	}
}

func callee(call *ast.CallExpr) string {
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		if x, ok := sel.X.(*ast.Ident); ok {
			return x.Name + "." + sel.Sel.Name
		}
	}
	return ""
}

func TestNames(t *testing.T) {
	junk := regexp.MustCompile(`(^|/)(common|util|utils|misc|helper|helpers|lib|base)(/|\.go$)`)
	for _, s := range sources(t) {
		if junk.MatchString(s.path) {
			t.Errorf("%s: name it after what it does", s.path)
		}
	}
}

// Both ends of an edge between processes carry the same label.
func TestSyncLabels(t *testing.T) {
	label := regexp.MustCompile(`// sync: ([a-z ]+)`)
	count := map[string]int{}
	for _, s := range sources(t) {
		for _, m := range label.FindAllStringSubmatch(s.text, -1) {
			if !s.test() && s.dir != "internal/lint" {
				count[s.dir+": "+strings.TrimSpace(m[1])]++
			}
		}
	}
	for l, n := range count {
		if n < 2 {
			t.Errorf("label %q stands once: where is the other end?", l)
		}
	}
}

// Nothing in the tree names the machine or the folder it was written in.
func TestNoLocalPaths(t *testing.T) {
	// Written in pieces, so that this file does not find itself.
	local := regexp.MustCompile("/wo" + "rk/|/ro" + "ot/|/home/[a-z]|\\.lib" + "rary/")
	walk(t, func(path string) {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		if loc := local.FindIndex(text); loc != nil {
			t.Errorf("%s names a local path: %q", path, text[loc[0]:min(len(text), loc[1]+20)])
		}
	})
}
