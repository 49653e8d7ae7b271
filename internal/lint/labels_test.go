package lint

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var label = regexp.MustCompile(`^\s*(?://|/?\*)?\s*sync: ([a-z][^.;:()*]*)`)

// Both ends of an edge of the memory model carry the same label. They may lie in
// two packages, and one of them in C, but an end without another is a mistake.
func TestLabelsHaveTwoEnds(t *testing.T) {
	places := map[string][]string{}
	err := walk(func(name string) error {
		if ext := path.Ext(name); ext != ".go" && ext != ".h" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			_, comment, found := strings.Cut(line, "//")
			if !found {
				_, comment, found = strings.Cut(line, "/*")
			}
			if m := label.FindStringSubmatch(comment); found && m != nil {
				places[strings.TrimSpace(m[1])] = append(places[strings.TrimSpace(m[1])], name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range places {
		if len(files) < 2 {
			t.Errorf("%s: the label %q has no other end", files[0], "sync: "+name)
		}
	}
}
