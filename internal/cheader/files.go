package cheader

import (
	"fmt"
	"os"
	"path/filepath"
)

// Paths of the derived files, from the root of the module.
const (
	headerPath      = "include/shmkit_layout.h"
	formatPath      = "docs/format.md"
	fingerprintPath = "internal/layout/fingerprint_gen.go"
	assertsPath     = "internal/layout/asserts_unsafe.go"
)

// Files gives the text of every derived file by its path from root, the root of
// the module. The hand-written part of docs/format.md is taken from the tree.
func Files(root string) (map[string]string, error) {
	c, err := readComments(filepath.Join(root, "internal", "layout"))
	if err != nil {
		return nil, err
	}
	header, err := headerText(c)
	if err != nil {
		return nil, err
	}
	old, err := os.ReadFile(filepath.Join(root, formatPath))
	if err != nil {
		return nil, fmt.Errorf("cheader: %w", err)
	}
	format, err := formatText(string(old), c)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		headerPath:      header,
		formatPath:      format,
		fingerprintPath: fingerprintText(),
		assertsPath:     assertsText(),
	}, nil
}
