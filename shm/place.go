package shm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"shmkit/internal/sys"
)

const (
	// DirEnv is the environment variable that names the directory of segments.
	DirEnv = "SHMKIT_DIR"

	anonymousPrefix = "anon-"
	maxSegmentName  = 200
)

// Dir is the directory in which segments live that are named without a slash:
// $SHMKIT_DIR, or /dev/shm/shmkit-<uid>. It is made, with mode 0700, when the
// first segment is.
func Dir() string {
	if dir := os.Getenv(DirEnv); dir != "" {
		// A handle carries the path to processes that have another working directory.
		if abs, err := filepath.Abs(dir); err == nil {
			return abs
		}
		return dir
	}
	return "/dev/shm/shmkit-" + strconv.Itoa(os.Geteuid())
}

// makeDir makes Dir and refuses one that somebody else could have planted.
func makeDir() error {
	dir := Dir()
	if err := os.MkdirAll(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no directory: %w", dir, fs.ErrInvalid)
	}
	if os.Getenv(DirEnv) != "" {
		return nil // chosen by the user, who knows whose it is
	}
	return ours(dir)
}

func ours(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	_, _, _, _, _, uid, err := sys.Stat(f)
	if err == nil && int(uid) != os.Geteuid() {
		err = fmt.Errorf("%s belongs to user %d: %w", dir, uid, fs.ErrPermission)
	}
	return err
}

// locate turns the name of a segment into a path. A name with a slash is one.
func locate(name string) (string, error) {
	switch {
	case name == "":
		return "", fmt.Errorf("%w: empty", ErrName)
	case strings.ContainsRune(name, 0):
		return "", fmt.Errorf("%w: %q has a zero byte", ErrName, name)
	case strings.ContainsRune(name, '/'):
		return filepath.Abs(name)
	case len(name) > maxSegmentName:
		return "", fmt.Errorf("%w: %d bytes, at most %d", ErrName, len(name), maxSegmentName)
	case strings.HasPrefix(name, "."):
		return "", fmt.Errorf("%w: %q starts with a dot", ErrName, name)
	}
	return filepath.Join(Dir(), name), nil
}
