package protocol

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
)

// A Source is what the source of package wire says.
type Source struct {
	Groups []Group
	// Forms are what AppendX appends, by X.
	Forms []Form
}

// A Group is constants that are declared together.
type Group struct {
	File      string
	Doc       string
	Constants []Constant
}

// A Constant is one that has a comment, or whose group is of a type of package wire.
type Constant struct {
	Name    string
	Type    string // without its package: Kind, Method, …; byte or int
	Value   int64
	Comment string
}

// A Form is the order of the parts of something.
type Form struct{ Name, Parts string }

// Read reads the source of package wire, which is in dir.
func Read(dir string) (*Source, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	s := &Source{}
	info := types.Info{Defs: map[*ast.Ident]types.Object{}}
	// Constants need no other package: those that are not there do no harm.
	config := types.Config{Importer: nobody{}, Error: func(error) {}}
	_, _ = config.Check("shmkit/internal/wire", fset, files, &info)
	for i, f := range files {
		for _, d := range f.Decls {
			s.declaration(filepath.Base(fset.Position(files[i].Pos()).Filename), d, &info)
		}
	}
	slices.SortFunc(s.Forms, func(a, b Form) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

// nobody imports nothing.
type nobody struct{}

var errNobody = errors.New("protocol: not imported")

func (nobody) Import(string) (*types.Package, error) { return nil, errNobody }

func (s *Source) declaration(file string, d ast.Decl, info *types.Info) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name, isAppend := strings.CutPrefix(d.Name.Name, "Append")
		doc := line(d.Doc)
		if _, parts, ok := strings.Cut(doc, ": "); ok && isAppend {
			parts, _, _ = strings.Cut(parts, ".")
			s.Forms = append(s.Forms, Form{name, parts})
		}
	case *ast.GenDecl:
		if d.Tok == token.CONST {
			s.group(file, d, info)
		}
	}
}

func (s *Source) group(file string, d *ast.GenDecl, info *types.Info) {
	g := Group{File: file, Doc: line(d.Doc)}
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		for _, id := range v.Names {
			c, ok := info.Defs[id].(*types.Const)
			if !ok || !id.IsExported() || c.Val().Kind() != constant.Int {
				continue
			}
			n, _ := constant.Int64Val(c.Val())
			g.Constants = append(g.Constants, Constant{id.Name, short(c.Type()), n, line(v.Comment)})
		}
	}
	if len(g.Constants) > 0 {
		s.Groups = append(s.Groups, g)
	}
}

func short(t types.Type) string {
	return types.TypeString(t, func(*types.Package) string { return "" })
}

// line is a comment as one line.
func line(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }

// Of gives the constants of a type, in the order of their values, and the doc of the first of
// their groups. A name for another constant is left out.
func (s *Source) Of(typ string) (doc string, all []Constant) {
	for _, g := range s.Groups {
		for i, c := range g.Constants {
			if c.Type == typ && !slices.ContainsFunc(all, func(o Constant) bool { return o.Value == c.Value }) {
				if doc == "" && i == 0 {
					doc = g.Doc
				}
				all = append(all, c)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Constant) int { return int(a.Value - b.Value) })
	return doc, all
}
