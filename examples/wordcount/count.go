package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"shmkit/array"
	"shmkit/process"
)

// count is an item of the Array: plain memory, so it lies there as it is.
type count struct{ Lines, Words, Bytes int64 }

func (c count) String() string { return fmt.Sprintf("%8d %8d %9d", c.Lines, c.Words, c.Bytes) }

// file is what a task is sent: a name, and which item of the Array is its own.
type file struct {
	Index int
	Path  string
}

// shared is the Array, in a worker.
var shared *array.Array[count]

// share runs in each worker before its first task.
var share = process.Register("share", func(_ context.Context, counts *array.Array[count]) error {
	shared = counts
	return nil
})

// countFile is the task. It may be run twice: then it writes the same again.
var countFile = process.Register("count", func(_ context.Context, f file) error {
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return err
	}
	shared.Set(f.Index, count{
		Lines: int64(bytes.Count(text, []byte("\n"))),
		Words: int64(len(bytes.Fields(text))),
		Bytes: int64(len(text)),
	})
	return nil
})

// filesBelow lists what is in the folders and is no folder.
func filesBelow(folders []string) (files []file, err error) {
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				files = append(files, file{len(files), path})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}
