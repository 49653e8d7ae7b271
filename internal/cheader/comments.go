package cheader

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// comments is what the source of package layout says beside its declarations.
type comments struct {
	structs   map[string][]*ast.Field // by name, one entry per field
	constants []string                // exported, in order of the source
}

// readComments parses the non-test Go files of dir.
func readComments(dir string) (comments, error) {
	c := comments{structs: map[string][]*ast.Field{}}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return c, err
	}
	slices.Sort(paths)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || filepath.Base(path) == filepath.Base(assertsPath) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return c, fmt.Errorf("cheader: %w", err)
		}
		ast.Inspect(file, c.visit)
	}
	return c, nil
}

func (c *comments) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		return false
	case *ast.TypeSpec:
		if s, ok := n.Type.(*ast.StructType); ok {
			c.structs[n.Name.Name] = flatten(s)
		}
	case *ast.GenDecl:
		if n.Tok == token.CONST {
			c.addConstants(n)
		}
	}
	return true
}

func (c *comments) addConstants(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		for _, name := range spec.(*ast.ValueSpec).Names {
			if name.IsExported() {
				c.constants = append(c.constants, name.Name)
			}
		}
	}
}

// flatten gives one entry per field, as reflection counts them.
func flatten(s *ast.StructType) (out []*ast.Field) {
	for _, f := range s.Fields.List {
		for range max(1, len(f.Names)) {
			out = append(out, f)
		}
	}
	return out
}

// field is the comment beside field i of a struct, and the one above it, which
// tells the writer of the group that it starts.
func (c comments) field(name string, i int) (text, group string) {
	fs := c.structs[name]
	if i >= len(fs) {
		return "", ""
	}
	return oneLine(fs[i].Comment), oneLine(fs[i].Doc)
}

func oneLine(g *ast.CommentGroup) string { return strings.Join(strings.Fields(g.Text()), " ") }
