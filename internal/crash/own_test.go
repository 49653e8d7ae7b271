//go:build linux && (amd64 || arm64)

package crash_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// own tells whether the instruction at pc is the operation's own, and not the runtime's.
// That has memory of the process itself to allocate, and whether it has a block at hand
// depends on which of its caches the threads have used before. What copies and clears
// bytes for the operation is no part of that.
func (o operation) own(pc uint64) bool {
	if o.c {
		return true // there is no runtime
	}
	if is, ok := owned.Load(pc); ok {
		return is.(bool)
	}
	name := outermost(pc)
	is := copies[name] || strings.HasPrefix(name, "shmkit/")
	owned.Store(pc, is)
	return is
}

var owned sync.Map // what own said

var copies = map[string]bool{"runtime.memmove": true, "runtime.memclrNoHeapPointers": true, "runtime.memequal": true}

// outermost is the function at pc that others are inlined into; the victim has the code
// of this process. It is "" in code that no function is known of.
func outermost(pc uint64) (name string) {
	frames := runtime.CallersFrames([]uintptr{uintptr(pc) + 1}) // as if it had called
	for {
		f, more := frames.Next()
		if name = f.Function; !more {
			return name
		}
	}
}

// fork tells where one way leaves another.
func (o operation) fork(way, other []uint64) string {
	for i := range min(len(way), len(other)) {
		if way[i] != other[i] {
			return fmt.Sprintf("by %s after %d instructions, and not by %s", o.position(way[i]), i, o.position(other[i]))
		}
	}
	return fmt.Sprintf("%d instructions far, and not %d", len(way), len(other))
}

// position is where an instruction is in the source, if that is Go.
func (o operation) position(pc uint64) string {
	if o.c {
		return fmt.Sprintf("%#x", pc)
	}
	f, _ := runtime.CallersFrames([]uintptr{uintptr(pc) + 1}).Next()
	return fmt.Sprintf("%s:%d of %s", filepath.Base(f.File), f.Line, outermost(pc))
}

func every(uint64) bool { return true }
