package lint

import (
	"bytes"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, s := range tree(t) {
		want, err := format.Source(s.text)
		if err != nil {
			t.Errorf("%s: %v", s.path, err)
		} else if !bytes.Equal(want, s.text) {
			t.Errorf("%s is not formatted; run gofmt -w", s.path)
		}
	}
}

// machinePaths are where somebody's machine keeps its files. They are put together
// here so that this file does not hold them.
var machinePaths = []string{"/wo" + "rk/", "/ro" + "ot/", ".lib" + "rary/", "/ho" + "me/", "/tmp/" + "bash"}

func TestNoMachinePaths(t *testing.T) {
	err := walk(func(name string) error {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		for n, line := range strings.Split(string(text), "\n") {
			for _, bad := range machinePaths {
				if strings.Contains(line, bad) {
					t.Errorf("%s:%d mentions %s", name, n+1, bad)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
