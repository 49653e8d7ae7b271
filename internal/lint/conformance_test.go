package lint

import (
	"flag"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var write = flag.Bool("write", false, "write the tests column of docs/conformance.md instead of comparing it")

const conformanceDoc = "docs/conformance.md"

// A comment such as "conformance: VAL-01, ARR-02 (child side)" names behaviours.
var (
	claim   = regexp.MustCompile(`\bconformance: ((?:[A-Z]+-[0-9]+(?:, ?)?)+)`)
	claimID = regexp.MustCompile(`[A-Z]+-[0-9]+`)
	row     = regexp.MustCompile(`^\| ([A-Z]+-[0-9]+) \| (.+?) \| (.*?) ?\| ?(.*?) ?\|$`)
)

// excuses begin the note of a behaviour that no test of this module names.
var excuses = []string{"not in Go: ", "later: "}

// Every behaviour of the list has a test that names it, or a reason why not; the
// column of tests is what the tests say.
func TestConformance(t *testing.T) {
	full := filepath.Join(root, conformanceDoc)
	have, err := os.ReadFile(full)
	if err != nil {
		t.Fatal(err)
	}
	tests := claims(t)
	listed := map[string]bool{}
	var want strings.Builder
	for line := range strings.Lines(string(have)) {
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			want.WriteString(line)
			continue
		}
		id, behaviour, note := m[1], m[2], m[3]
		if listed[id] {
			t.Errorf("%s lists %s twice", conformanceDoc, id)
		}
		listed[id] = true
		excused := slices.ContainsFunc(excuses, func(e string) bool { return strings.HasPrefix(note, e) })
		switch {
		case len(tests[id]) == 0 && !excused:
			t.Errorf("%s: no test has the comment \"conformance: %s\" (%s)", conformanceDoc, id, behaviour)
		case len(tests[id]) > 0 && excused:
			t.Errorf("%s: %s is tested by %s, so the note %q is stale", conformanceDoc, id, tests[id], note)
		}
		fmt.Fprintln(&want, strings.Join(strings.Fields(fmt.Sprintf("| %s | %s | %s | %s |",
			id, behaviour, note, strings.Join(tests[id], ", "))), " "))
	}
	for id, names := range tests {
		if !listed[id] {
			t.Errorf("%s claims %s, which is not in %s", names, id, conformanceDoc)
		}
	}
	if want.String() == string(have) {
		return
	}
	if !*write {
		t.Errorf("%s is stale; run: go test ./internal/lint -write", conformanceDoc)
	} else if err := os.WriteFile(full, []byte(want.String()), 0o644); err != nil {
		t.Error(err)
	}
}

// claims gives the tests that name each behaviour, as "package.Test", or call a function of
// a suite that does.
func claims(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, s := range tree(t) {
		if !s.test || s.in("internal/lint") {
			continue
		}
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				for _, m := range claim.FindAllStringSubmatch(c.Text, -1) {
					name := testAt(s, c)
					if name == "" {
						t.Errorf("%s: no test follows", s.at(c.Pos()))
						continue
					}
					for _, id := range claimID.FindAllString(m[1], -1) {
						if name := "`" + s.dir + "." + name + "`"; !slices.Contains(out[id], name) {
							out[id] = append(out[id], name)
						}
					}
				}
			}
		}
	}
	for id, names := range claimsOfSuites(t) {
		out[id] = append(out[id], names...)
	}
	for id, names := range out {
		slices.Sort(names)
		out[id] = slices.Compact(names)
	}
	return out
}

// testAt is the test, fuzz target or benchmark in which the comment stands, or
// before which it stands.
func testAt(s *source, c *ast.Comment) string {
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.End() < c.Pos() {
			continue
		}
		for _, prefix := range []string{"Test", "Fuzz", "Benchmark", "Example"} {
			if strings.HasPrefix(f.Name.Name, prefix) {
				return f.Name.Name
			}
		}
		return ""
	}
	return ""
}
