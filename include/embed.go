package include

import "embed"

// Files holds the header files, at its root. It is read-only and may be used by
// any goroutine; it lies in this process's memory, so nobody's death matters.
//
//go:embed *.h
var Files embed.FS
