package lint

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// drawers are names that say nothing, so that everything fits in.
var drawers = []string{
	"base", "common", "helper", "helpers", "lib", "misc", "shared", "stuff", "tools", "types", "util", "utils", "utilities",
}

func TestJunkDrawers(t *testing.T) {
	err := walk(func(name string) error {
		for i, part := range strings.Split(name, "/") {
			word, _, _ := strings.Cut(part, ".")
			word = strings.TrimSuffix(strings.TrimSuffix(word, "_test"), "_linux")
			if slices.Contains(drawers, word) && (i > 0 || path.Ext(part) != ".md") {
				t.Errorf("%s: %q says nothing about what is inside", name, word)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range tree(t) {
		if name := strings.TrimSuffix(s.file.Name.Name, "_test"); slices.Contains(drawers, name) || name == "errors" {
			t.Errorf("%s: package %s: name what the caller reads", s.path, name)
		}
	}
}
