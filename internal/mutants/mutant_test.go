package mutants

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// mutant is one bug.
type mutant struct {
	name     string // of the bug, in a few words
	bug      string // what it does, and whom that hurts
	file     string // from the root
	old, new string // old occurs once in file
	test     string // arguments of go test: what has to fail
}

// all is every mutant.
func all() []mutant {
	return slices.Concat(inSync, inLocks, inCounts, inMeetings, inPark, inSys, inShm, inHeap, inValue, inHeader, inJournal, inHost)
}

// text is the file with the bug in it.
func (m mutant) text() (string, error) {
	b, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(b), m.old); n != 1 {
		return "", fmt.Errorf("%s has %d times what the mutant is to replace: %q", m.file, n, m.old)
	}
	return strings.Replace(string(b), m.old, m.new, 1), nil
}

// overlay writes the file with the bug to dir, and gives the path of the
// description that the go command takes.
func (m mutant) overlay(dir string) (string, error) {
	text, err := m.text()
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	mutated := filepath.Join(dir, filepath.Base(m.file))
	if err := os.WriteFile(mutated, []byte(text), 0o600); err != nil {
		return "", err
	}
	b, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutated}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, b, 0o600)
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range all() {
		if seen[m.name] {
			t.Errorf("two mutants are called %q", m.name)
		}
		seen[m.name] = true
		if m.bug == "" || m.old == m.new || !strings.Contains(m.test, "-run=^Test") {
			t.Errorf("%s: not complete", m.name)
		}
	}
	if len(seen) < 20 {
		t.Errorf("%d mutants, want 20 or more", len(seen))
	}
}
