package lint

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sharing packages have types whose doc must say who may use them and what
// happens if somebody dies.
var sharing = []string{"shm", "sync", "value", "array", "ring", "pipe"}

// plain types of the sharing packages are data, options or errors of one process.
var plain = map[string]string{
	"array.BoundsError":  "an error: plain data of one process",
	"sync.LostError":     "an error: plain data of one process",
	"sync.WaitGroupInfo": "a picture taken of a WaitGroup: plain data of one process",
	"sync.WorkInfo":      "part of WaitGroupInfo",
	"pipe.TooShortError": "an error: plain data of one process",
	"pipe.Option":        "an argument of one call",
	"shm.Error":          "an error: plain data of one process",
	"shm.CorruptError":   "an error: plain data of one process",
	"shm.TypeError":      "an error: plain data of one process",
	"shm.Violation":      "a finding of Check: plain data of one process",
	"shm.Info":           "a picture taken of a segment: plain data of one process",
	"shm.ObjectInfo":     "part of Info",
	"shm.LockInfo":       "part of Info",
	"shm.CondInfo":       "a picture taken of a condition: plain data of one process",
	"sync.CondOption":    "an argument of one call",
	"shm.Handle":         "a name that can be sent, not the thing itself",
	"shm.ID":             "a name, not the thing itself",
	"shm.Life":           "an answer about another process",
	"shm.Option":         "an argument of one call",
	"shm.Spec":           "an argument of one call",
	"shm.Redo":           "a layout; the doc of its bits tells who died",
	"shm.Char":           "an item type without behaviour",
	"shm.Type":           "a description of an item type",
}

// wellKnown methods implement interfaces of the standard library whose docs say
// all there is.
var wellKnown = []string{"Error", "Unwrap", "Is", "As", "String"}

func TestPackageDocs(t *testing.T) {
	docs := map[string][]string{}
	for _, s := range tree(t) {
		if s.test {
			continue
		}
		if _, seen := docs[s.dir]; !seen {
			docs[s.dir] = nil
		}
		if s.file.Doc.Text() == "" {
			continue
		}
		docs[s.dir] = append(docs[s.dir], s.path)
		if s.base() != "doc.go" {
			t.Errorf("%s: the doc of a package is in doc.go", s.path)
		}
		want := "Package " + s.file.Name.Name + " "
		if s.program() {
			want = strings.ToUpper(path.Base(s.dir)[:1]) + path.Base(s.dir)[1:] + " "
		}
		if text := s.file.Doc.Text(); !strings.HasPrefix(text, want) && !(s.program() && strings.HasPrefix(text, "Command ")) {
			t.Errorf("%s: the doc does not begin with %q", s.path, want)
		}
	}
	for dir, files := range docs {
		if len(files) != 1 {
			t.Errorf("package %s has its doc in %d files: %v", dir, len(files), files)
		}
	}
}

func TestExportedNamesHaveDocs(t *testing.T) {
	for _, s := range tree(t) {
		if s.test || s.program() {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				known := d.Recv != nil && slices.Contains(wellKnown, d.Name.Name)
				if d.Name.IsExported() && ast.IsExported(receiver(d)) && d.Doc == nil && !known {
					t.Errorf("%s: %s has no doc", s.at(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				checkDecl(t, s, d)
			}
		}
	}
}

// receiver is the name of a method's type, or that of a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	for e := d.Recv.List[0].Type; ; {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func checkDecl(t *testing.T, s *source, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := first(spec.Doc, d.Doc)
			if spec.Name.IsExported() && doc == nil {
				t.Errorf("%s: %s has no doc", s.at(spec.Pos()), spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && first(spec.Doc, spec.Comment, d.Doc) == nil {
					t.Errorf("%s: %s has no doc", s.at(name.Pos()), name.Name)
				}
			}
		}
	}
}

func first(groups ...*ast.CommentGroup) *ast.CommentGroup {
	for _, g := range groups {
		if g != nil {
			return g
		}
	}
	return nil
}

func TestDocsOfSharedTypes(t *testing.T) {
	unused := map[string]bool{}
	for name := range plain {
		unused[name] = true
	}
	for _, s := range tree(t) {
		if s.test || !s.in(sharing...) {
			continue
		}
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				spec := spec.(*ast.TypeSpec)
				name := s.dir + "." + spec.Name.Name
				delete(unused, name)
				if _, constraint := spec.Type.(*ast.InterfaceType); constraint {
					continue // methods without data
				}
				if text := first(spec.Doc, g.Doc).Text(); spec.Name.IsExported() && plain[name] == "" && !saysWhoDies(text) {
					t.Errorf("%s: the doc of %s must tell what several processes may do with it, and what happens if one dies",
						s.at(spec.Pos()), name)
				}
			}
		}
	}
	for name := range unused {
		t.Errorf("%s is in the table plain and does not exist", name)
	}
}

var (
	process = regexp.MustCompile(`\bprocess(es)?\b`)
	dies    = regexp.MustCompile(`\b(dies|died|killed|dead|death)\b`)
)

func saysWhoDies(doc string) bool { return process.MatchString(doc) && dies.MatchString(doc) }
