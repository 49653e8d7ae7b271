package shm

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	removed, _, err = sweepDir()
	return removed, err
}

// SweepKilled is Sweep and [SweepDead] for whoever knows that processes were killed just now:
// what is left of them may still be attached. It looks again as [BeforeExit] does, for a third
// of a second at least if files of anonymous segments are there that others use.
func SweepKilled() {
	look(func() (over, remains bool) {
		dead := SweepDead()
		_, used, err := sweepDir()
		return !dead && (err != nil || len(used) == 0), dead || slices.Contains(used, true)
	})
}

// sweepDir is Sweep. It also gives, for each segment that is in use, whether it is so by
// nothing but what is left of dead processes.
func sweepDir() (removed int, used []bool, err error) {
	entries, err := os.ReadDir(Dir())
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return 0, nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), anonymousPrefix) {
			continue
		}
		switch gone, inUse, remains := sweepFile(filepath.Join(Dir(), e.Name())); {
		case gone:
			removed++
		case inUse:
			used = append(used, remains)
		}
	}
	return removed, used, nil
}

// sweepFile removes the segment at path if it is anonymous and abandoned. What
// cannot be opened, or is no segment, is left for people to look at.
func sweepFile(path string) (removed, used, remains bool) {
	v, err := openView(path, true)
	if err != nil {
		return false, false, false
	}
	defer v.drop()
	if v.header.Kind != layout.KindAnonymous {
		return false, false, false
	}
	if err := v.destroyIfLast(); err != nil {
		return false, false, false
	}
	if v.destroyed() {
		return true, false, false
	}
	return false, true, v.hasRemains()
}
