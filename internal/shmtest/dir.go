package shmtest

import (
	"errors"
	"os"
	"path/filepath"
)

const dirPattern = "shmkit-test-"

var errNoDir = errors.New("shmtest: no directory for segments: every new one is removed at once")

// dir is where the segments of one run lie. The lock on it tells other runs that
// this one lives.
type dir struct {
	path string
	file *os.File
}

func makeDir() (*dir, error) {
	root := shmRoot()
	sweep(root)
	for range 100 {
		path, err := os.MkdirTemp(root, dirPattern)
		if err != nil {
			return nil, err
		}
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		// A sweep may have removed the directory before the lock was on it.
		have, errHave := file.Stat()
		named, errNamed := os.Stat(path)
		if tryLock(file) && errHave == nil && errNamed == nil && os.SameFile(have, named) {
			return &dir{path: path, file: file}, nil
		}
		file.Close()
	}
	return nil, errNoDir
}

// left names the files that the tests left in the directory.
func (d *dir) left() (bad []string) {
	files, _ := filepath.Glob(filepath.Join(d.path, "*"))
	for _, f := range files {
		bad = append(bad, "segment file "+f+" is left")
	}
	return bad
}

func (d *dir) remove() {
	os.RemoveAll(d.path)
	d.file.Close()
}

// shmRoot is where the segments of tests lie: in memory if there is such a place.
func shmRoot() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}
