package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shmkit/shm"
)

func (c *command) rm() error {
	if len(c.args) == 0 {
		return errUsage
	}
	var failed error
	for _, name := range c.args {
		err := c.removeOne(name)
		if err == nil && !c.json {
			fmt.Fprintf(c.out, "removed %s\n", name)
		}
		failed = errors.Join(failed, err)
	}
	if failed == nil && c.json {
		return c.printJSON(map[string]any{"removed": c.args})
	}
	return failed
}

func (c *command) removeOne(name string) error {
	segment, object, ok := strings.Cut(name, "#")
	if ok {
		return removeObject(segment, object)
	}
	err := shm.Remove(name)
	if c.force && (errors.Is(err, shm.ErrMagic) || errors.Is(err, shm.ErrSize)) {
		return removeDamaged(name)
	}
	return err
}

// removeDamaged removes a file that has no sound header any more. Without a slash
// it is one in the directory of segments.
func removeDamaged(name string) error {
	if !strings.ContainsRune(name, '/') {
		name = filepath.Join(shm.Dir(), name)
	}
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", name)
	}
	return os.Remove(name)
}

func removeObject(segment, object string) (err error) {
	seg, err := shm.Open(segment)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, seg.Close()) }()
	return seg.RemoveObject(object)
}
