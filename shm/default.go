package shm

import (
	"path/filepath"
	"sync"
)

// standard is the process's default heap.
var standard struct {
	// mu may be held while the segment is created.
	mu  sync.Mutex
	seg *Segment
}

// Default is the process's default heap: an anonymous segment in which value.New,
// array.New and the like allocate. It is made at the first call; it has a file
// only once a handle of one of its objects was encoded, and goes with the last
// process that uses it. The caller must not close it; see [CloseDefault].
//
// Making it also removes anonymous segments in [Dir] that killed processes left.
func Default() (*Segment, error) {
	standard.mu.Lock()
	defer standard.mu.Unlock()
	if standard.seg != nil {
		return standard.seg, nil
	}
	if _, err := Sweep(); err != nil {
		return nil, fail("sweep", Dir(), err)
	}
	path := filepath.Join(Dir(), anonymousPrefix+newID().String())
	seg, err := create(path, collect(nil), false)
	if err != nil {
		return nil, fail("create", path, err)
	}
	standard.seg = seg
	return seg, nil
}

// CloseDefault ends this process's use of its default heap, so that the file goes
// at once if no other process needs it: defer it in main. Without it the file
// goes when any program next makes a default heap, or lists segments. Objects
// that are still open stay usable, and keep the file: close them before, if their
// handles were sent. A later Default makes a new one.
func CloseDefault() error {
	standard.mu.Lock()
	seg := standard.seg
	standard.seg = nil
	standard.mu.Unlock()
	if seg == nil {
		return nil
	}
	return seg.Close()
}
