package shm

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"shmkit/internal/layout"
)

// List looks at every segment in [Dir], after [Sweep]. A file that is no sound
// segment is listed with its Err.
func List() ([]Info, error) {
	if _, err := Sweep(); err != nil {
		return nil, fail("sweep", Dir(), err)
	}
	entries, err := os.ReadDir(Dir())
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, fail("list", Dir(), err)
	}
	var out []Info
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue // such as the socket of a listener
		}
		path := filepath.Join(Dir(), e.Name())
		info, err := Inspect(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // removed meanwhile
		case err != nil:
			info = &Info{Path: path, Err: err}
		}
		out = append(out, *info)
	}
	return out, nil
}

// Sweep removes the anonymous segments in [Dir] that no process is attached to:
// all their users were killed. It goes by the locks of the kernel, never by age.
// It returns how many it removed.
func Sweep() (removed int, err error) {
	entries, err := os.ReadDir(Dir())
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return 0, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), anonymousPrefix) && sweepFile(filepath.Join(Dir(), e.Name())) {
			removed++
		}
	}
	return removed, nil
}

// sweepFile removes the segment at path if it is anonymous and abandoned. What
// cannot be opened, or is no segment, is left for people to look at.
func sweepFile(path string) bool {
	v, err := openView(path, true)
	if err != nil {
		return false
	}
	defer v.drop()
	if v.header.Kind != layout.KindAnonymous {
		return false
	}
	if err := v.destroyIfLast(); err != nil {
		return false
	}
	return v.destroyed()
}
