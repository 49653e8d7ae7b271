package lint

import (
	"go/ast"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const suites = "internal/suite"

// calls is what functions and package variables speak of, as far as that is in a package
// of suites or in their own: "internal/suite/locks.MutexBasics". Tests speak of behaviours
// by name, or of a table of them.
type calls map[string][]string

func callsOf(t *testing.T) calls {
	t.Helper()
	out := calls{}
	for _, s := range tree(t) {
		if !s.test && !s.in(suites) {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					out.add(s, d.Name.Name, d)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok {
						for _, name := range v.Names {
							out.add(s, name.Name, v)
						}
					}
				}
			}
		}
	}
	return out
}

func (c calls) add(s *source, name string, n ast.Node) {
	imported := map[string]string{}
	for _, spec := range s.file.Imports {
		target, _ := strconv.Unquote(spec.Path.Value)
		if dir, ours := strings.CutPrefix(target, module+"/"); ours && under(dir, suites) {
			imported[path.Base(dir)] = dir
		}
	}
	full := s.dir + "." + name
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr: // the name of a method is none of the package
			if pkg, ok := n.X.(*ast.Ident); ok && imported[pkg.Name] != "" {
				c[full] = append(c[full], imported[pkg.Name]+"."+n.Sel.Name)
			} else {
				ast.Inspect(n.X, visit)
			}
			return false
		case *ast.Ident:
			c[full] = append(c[full], s.dir+"."+n.Name)
		}
		return true
	}
	ast.Inspect(n, visit)
}

// from is all that is reached from a name, with the name.
func (c calls) from(name string) map[string]bool {
	seen, next := map[string]bool{}, []string{name}
	for len(next) > 0 {
		name, next = next[0], next[1:]
		if !seen[name] {
			seen[name] = true
			next = append(next, c[name]...)
		}
	}
	return seen
}

// behaviour is a function of a suite that is a test of some world.
type behaviour struct {
	at, name string
	ids      []string
}

// behaviours gives those of each package of suites.
func behaviours(t *testing.T) (all []behaviour) {
	t.Helper()
	for _, s := range tree(t) {
		if s.test || !s.in(suites) || s.dir == suites {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !f.Name.IsExported() || !takesTest(f) || f.Name.Name == "All" {
				continue
			}
			b := behaviour{at: s.at(f.Pos()), name: s.dir + "." + f.Name.Name}
			for _, m := range claim.FindAllStringSubmatch(f.Doc.Text(), -1) {
				b.ids = append(b.ids, claimID.FindAllString(m[1], -1)...)
			}
			all = append(all, b)
		}
	}
	return all
}

// takesTest tells whether the first parameter is a *testing.T.
func takesTest(f *ast.FuncDecl) bool {
	if f.Type.Params.NumFields() < 2 {
		return false
	}
	star, ok := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "T"
}

// claimsOfSuites gives the tests that run each behaviour, as "package.Test".
func claimsOfSuites(t *testing.T) map[string][]string {
	t.Helper()
	all, c, out := behaviours(t), callsOf(t), map[string][]string{}
	for _, test := range slices.Sorted(maps.Keys(c)) {
		if _, name, _ := strings.Cut(test, "."); !strings.HasPrefix(name, "Test") {
			continue
		}
		reached := c.from(test)
		for _, b := range all {
			for _, id := range b.ids {
				if reached[b.name] {
					out[id] = append(out[id], "`"+test+"`")
				}
			}
		}
	}
	return out
}

// What a suite has, some test runs, and its All does: a world that runs All runs it too.
func TestSuitesAreRun(t *testing.T) {
	c, run := callsOf(t), map[string]bool{}
	for name := range c {
		if _, base, _ := strings.Cut(name, "."); strings.HasPrefix(base, "Test") {
			maps.Copy(run, c.from(name))
		}
	}
	all := behaviours(t)
	if len(all) == 0 {
		t.Error("there are no suites")
	}
	for _, b := range all {
		if !run[b.name] {
			t.Errorf("%s: no test runs %s", b.at, b.name)
		}
		if dir, _, _ := strings.Cut(b.name, "."); !c.from(dir + ".All")[b.name] {
			t.Errorf("%s: All does not run %s", b.at, b.name)
		}
	}
}
