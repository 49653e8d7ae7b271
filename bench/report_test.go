package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func sample() *report {
	r := newReport(false)
	x := row{Name: "a/b", Unit: "ns", Peer: "another", Target: 2, Note: "a remark"}
	x.fill([]float64{1}, []float64{2})
	small := row{Name: "a/1", Unit: "ns", Peer: "another", Series: "by size"}
	small.fill([]float64{1}, []float64{2})
	r.Rows = []row{small, x, {Name: "a/c", Peer: "another", LeftOut: "no compiler"}}
	return r
}

func TestJSONShape(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rows.json")
	if err := sample().writeJSON(file); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Go   string           `json:"go"`
		CPUs int              `json:"cpus"`
		Date string           `json:"date"`
		Rows []map[string]any `json:"rows"`
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Go == "" || got.CPUs < 1 || got.Date == "" || len(got.Rows) != 3 {
		t.Fatalf("got %s", b)
	}
	for _, key := range []string{"name", "unit", "ours", "peer", "peer_value", "ratio"} {
		if _, ok := got.Rows[0][key]; !ok {
			t.Errorf("a row has no %q: %s", key, b)
		}
	}
	back, err := readReport(file)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(back.Rows, sample().Rows) {
		t.Errorf("read back: %+v", back.Rows)
	}
}

func TestMarkdown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	page := "before\n" + openMark + "\nold\n" + closeMark + "\nafter\n"
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time replaces what the first one wrote
		if err := sample().writeMarkdown(file); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := string(b)
	if !strings.HasPrefix(s, "before\n"+openMark) || !strings.HasSuffix(s, closeMark+"\nafter\n") || strings.Contains(s, "old") {
		t.Errorf("the page around the table changed: %q", s)
	}
	for _, line := range []string{"| `a/b` |", "`a/b`: a remark.", "`a/c` was left out: no compiler.", "| by size | ours |", "| `a/1` |"} {
		if strings.Count(s, "\n"+line) != 1 {
			t.Errorf("%q is not there once: %q", line, s)
		}
	}
}

func TestMarkdownWithoutMarks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	for _, page := range []string{"", openMark + "\n", closeMark + "\n" + openMark + "\n"} {
		if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := sample().writeMarkdown(file); !errors.Is(err, errMarks) {
			t.Errorf("page %q: got %v, want %v", page, err, errMarks)
		}
		if b, _ := os.ReadFile(file); string(b) != page {
			t.Errorf("page %q became %q", page, b)
		}
	}
}
