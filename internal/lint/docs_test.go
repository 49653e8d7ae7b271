package lint

import (
	"go/ast"
	"go/format"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

func TestPackageDocs(t *testing.T) {
	docs := map[string][]string{}
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		docs[s.dir] = append(docs[s.dir], "")
		if s.ast.Doc != nil {
			docs[s.dir][0] += " " + s.path
		}
	}
	for dir, list := range docs {
		if got, want := strings.TrimSpace(list[0]), dir+"/doc.go"; got != want {
			t.Errorf("package docs of %s stand in %q, want them in %s alone", dir, got, want)
		}
	}
}

// exempt are exported types of the shared-memory packages that are plain data in
// one process: nobody else sees them, nobody can die holding them.
var exempt = map[string]bool{
	"shm.Option": true, "shm.Error": true, "shm.CorruptError": true, "shm.TypeError": true, "shm.ID": true,
	"shm.Type": true, "shm.Char": true, "shm.Spec": true, "shm.Info": true, "shm.ParticipantInfo": true,
	"shm.ObjectInfo": true, "shm.LockInfo": true, "shm.Life": true, "shm.Violation": true, "shm.Exporter": true,
	"shm.Handle": true, "shm.Redo": true, "array.BoundsError": true, "array.LengthError": true,
}

var shared = map[string]bool{"shm": true, "sync": true, "value": true, "array": true, "ring": true, "pipe": true}

// Every exported name is documented; the doc of a type that processes share says
// who may use it at once and what happens when one of them dies.
func TestExportedDocs(t *testing.T) {
	process := regexp.MustCompile(`process`)
	dies := regexp.MustCompile(`\b(dies|died|killed|dead|death)\b`)
	for _, s := range sources(t) {
		if s.test() || s.generated() {
			continue
		}
		for _, decl := range s.ast.Decls {
			for name, doc := range undocumented(decl) {
				if strings.TrimSpace(doc.Text()) == "" {
					t.Errorf("%s:%d: %s has no doc", s.path, s.line(decl.Pos()), name)
				}
			}
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE || !shared[s.dir] {
				continue
			}
			for _, spec := range gen.Specs {
				ts := spec.(*ast.TypeSpec)
				text := gen.Doc.Text() + ts.Doc.Text()
				name := s.dir + "." + ts.Name.Name
				if _, constraint := ts.Type.(*ast.InterfaceType); constraint || !ts.Name.IsExported() || exempt[name] {
					continue
				}
				if !process.MatchString(text) || !dies.MatchString(text) {
					t.Errorf("%s:%d: the doc of %s must say which processes may use it and what happens when one dies",
						s.path, s.line(ts.Pos()), name)
				}
			}
		}
	}
}

// undocumented lists the exported names of a declaration with their docs.
func undocumented(decl ast.Decl) map[string]*ast.CommentGroup {
	out := map[string]*ast.CommentGroup{}
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) {
			out[d.Name.Name] = d.Doc
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					out[s.Name.Name] = either(s.Doc, d.Doc)
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() {
						out[n.Name] = either(s.Doc, either(s.Comment, d.Doc))
					}
				}
			}
		}
	}
	return out
}

func either(a, b *ast.CommentGroup) *ast.CommentGroup {
	if a != nil {
		return a
	}
	return b
}

// exportedReceiver tells whether users can reach the method. Error and Unwrap
// explain themselves.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	if d.Name.Name == "Error" {
		return false
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

func TestFormatted(t *testing.T) {
	for _, s := range sources(t) {
		if b, err := format.Source([]byte(s.text)); err != nil || string(b) != s.text {
			t.Errorf("%s is not formatted (%v)", s.path, err)
		}
	}
}
