package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shmkit/shm"
)

type removeRecord struct {
	Removed []string        `json:"removed"`
	Failed  []removeFailure `json:"failed"`
}

type removeFailure struct {
	Name  string `json:"name"`
	Error string `json:"error"`
}

// rm goes on after a failure, so that one bad name does not save the others.
func (c *command) rm() (failed error) {
	r := removeRecord{[]string{}, []removeFailure{}}
	for _, name := range c.args {
		err := c.removeOne(name)
		switch {
		case err == nil:
			r.Removed = append(r.Removed, name)
			if !c.json {
				fmt.Fprintf(c.out, "removed %s\n", printable(name))
			}
			continue
		case c.json:
			r.Failed = append(r.Failed, removeFailure{name, reason(err)})
		default:
			c.fault(err)
		}
		failed = errFound
	}
	if c.json {
		if err := c.printJSON(r); err != nil {
			return err
		}
	}
	return failed
}

func (c *command) removeOne(name string) error {
	if segment, object, ok := splitObject(name); ok {
		return removeObject(segment, object)
	}
	err := shm.Remove(name)
	if c.force && (errors.Is(err, shm.ErrMagic) || errors.Is(err, shm.ErrSize)) {
		return removeDamaged(file(name))
	}
	return err
}

// splitObject cuts SEGMENT#OBJECT. Both may hold a '#' themselves: an existing
// file decides, the whole name first.
func splitObject(name string) (segment, object string, ok bool) {
	if exists(name) {
		return name, "", false
	}
	for i, r := range name {
		if r == '#' && exists(name[:i]) {
			return name[:i], name[i+1:], true
		}
	}
	return strings.Cut(name, "#")
}

func exists(segment string) bool {
	_, err := os.Lstat(file(segment))
	return segment != "" && err == nil
}

// file is the path of a segment. Without a slash it lies in the directory of
// segments.
func file(segment string) string {
	if strings.ContainsRune(segment, '/') {
		return segment
	}
	return filepath.Join(shm.Dir(), segment)
}

// removeDamaged removes a file that has no sound header any more.
func removeDamaged(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("remove %s: no regular file", path)
	}
	return os.Remove(path)
}

func removeObject(segment, object string) (err error) {
	seg, err := shm.Open(segment)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, seg.Close()) }()
	return seg.RemoveObject(object)
}
