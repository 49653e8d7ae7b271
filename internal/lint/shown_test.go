package lint

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// named are the documents that show what they promise by the names of tests, as
// "`package.TestName`".
var named = []string{"docs/queue.md", "docs/journal.md"}

var testName = regexp.MustCompile("`([a-z/]+)\\.((?:Test|Fuzz)[A-Za-z]+)`")

// A test that a document names is there.
func TestNamedTestsExist(t *testing.T) {
	have := map[string]bool{}
	for _, s := range tree(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil {
				have[s.dir+"."+f.Name.Name] = true
			}
		}
	}
	for _, doc := range named {
		text, err := os.ReadFile(filepath.Join(root, doc))
		if err != nil {
			t.Fatal(err)
		}
		found := testName.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s names no test", doc)
		}
		for _, m := range found {
			if name := m[1] + "." + m[2]; !have[name] {
				t.Errorf("%s names %s, which is no test", doc, name)
			}
		}
	}
}
