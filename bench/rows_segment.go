package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/edsrzf/mmap-go"

	"shmkit/shm"
)

func segmentRows() []benchmark {
	return []benchmark{
		{name: "segment/open", unit: "µs", scale: 1e3, peer: limitPeer, limit: 150, target: 1, start: openSegment},
		{name: "segment/create", unit: "µs", scale: 1e3, peer: "file of zeros, written and mapped", start: createSegment},
	}
}

// openSegment opens and closes a segment that another process has attached.
func openSegment(l *lab) (contest, error) {
	path := filepath.Join(l.dir, "open")
	seg, err := shm.Create(path)
	if err != nil {
		return contest{}, err
	}
	_, err = l.child("attach-segment", path)
	// Once this process has it open, opening it again would cost nothing.
	if err := errors.Join(err, seg.Close()); err != nil {
		return contest{}, err
	}
	return limited(repeated(func() (time.Duration, error) {
		begin := time.Now()
		seg, err := shm.Open(path)
		if err != nil {
			return 0, err
		}
		err = seg.Close()
		return time.Since(begin), err
	}))
}

func attachSegmentChild(args []string) (role, error) {
	_, err := shm.Open(args[0])
	return still, err
}

// createSegment measures only the creation; the file of the peer has the size of
// a segment.
func createSegment(l *lab) (contest, error) {
	size, err := freshSize(filepath.Join(l.dir, "size"))
	if err != nil {
		return contest{}, err
	}
	n := 0
	next := func(kind string) string {
		n++
		return filepath.Join(l.dir, kind+strconv.Itoa(n))
	}
	ours := repeated(func() (time.Duration, error) { return createOurs(next("segment-")) })
	peer := repeated(func() (time.Duration, error) { return createPeer(next("file-"), size) })
	return between(ours, peer)
}

// freshSize is how many bytes a new segment has.
func freshSize(path string) (int, error) {
	seg, err := shm.Create(path)
	if err != nil {
		return 0, err
	}
	info, err := seg.Info()
	if err := errors.Join(err, seg.Close(), shm.Remove(path)); err != nil {
		return 0, err
	}
	return int(info.Bytes), nil
}

func createOurs(path string) (time.Duration, error) {
	begin := time.Now()
	seg, err := shm.Create(path)
	if err != nil {
		return 0, err
	}
	cost := time.Since(begin)
	return cost, errors.Join(seg.Close(), shm.Remove(path))
}

func createPeer(path string, size int) (time.Duration, error) {
	zeros := make([]byte, size)
	begin := time.Now()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if _, err := f.Write(zeros); err != nil {
		return 0, err
	}
	m, err := mmap.MapRegion(f, size, mmap.RDWR, 0, 0)
	if err != nil {
		return 0, err
	}
	cost := time.Since(begin)
	return cost, errors.Join(m.Unmap(), os.Remove(path))
}
