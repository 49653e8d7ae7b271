package protocol

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var write = flag.Bool("write", false, "write the derived files instead of comparing them")

const (
	root         = "../.."
	documentPath = "docs/protocol.md"
	vectorsPath  = "internal/wire/testdata/vectors.json"
)

func TestGenerate(t *testing.T) {
	s, err := Read(filepath.Join(root, "internal/wire"))
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(filepath.Join(root, documentPath))
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Document(string(old))
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := VectorsJSON()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{documentPath: text, vectorsPath: string(vectors)} {
		full := filepath.Join(root, path)
		if have, err := os.ReadFile(full); err == nil && string(have) == want {
			continue
		}
		if !*write {
			t.Errorf("%s is stale; run: go test ./internal/protocol -write", path)
			continue
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(want), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// A method whose body nobody told cannot be called by who has only the document.
func TestEveryMethodIsTold(t *testing.T) {
	s, err := Read(filepath.Join(root, "internal/wire"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := s.Kinds()
	if len(kinds) < 19 || len(kinds[0].Methods) < 9 {
		t.Fatalf("%d types, %d methods of the server", len(kinds), len(kinds[0].Methods))
	}
	for _, k := range kinds {
		for _, m := range k.Methods {
			if m.Body == "" && m.Reply == "" && byte(m.Number) != 0 && k.Doc == "" {
				t.Errorf("%s has no comment", m.Name)
			}
		}
	}
	for _, typ := range []string{"Kind", "Code", "Tag", "Type"} {
		if _, all := s.Of(typ); len(all) < 10 {
			t.Errorf("%d constants of type %s", len(all), typ)
		}
	}
}
