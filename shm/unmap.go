package shm

import (
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"

	"github.com/edsrzf/mmap-go"
)

// waiting counts mappings that are closed and wait for the garbage collector.
var waiting atomic.Int32

// maxWaiting is how many may wait before the collector is called: each takes
// Header.MaxSize of address space, of which a process has 2^47 bytes.
const maxWaiting = 64

func (v *view) unmap() { unmap(v.mem.Bytes()) }

func unmap(b []byte) {
	m := mmap.MMap(b)
	m.Unmap()
}

// unmapLater gives the mapping back once no goroutine can reach it. A goroutine
// may have fetched an address from a handle just before the handle was closed;
// only the garbage collector knows when it is done with it. Where no handle ever
// had an address there is nothing to wait for.
func (c *core) unmapLater() {
	switch {
	case !c.exposed.Load():
		c.view.unmap()
	case !c.pinned.Load():
		// The bytes alone: the view leads back to c, which would live for ever.
		runtime.AddCleanup(c, func(b []byte) {
			unmap(b)
			waiting.Add(-1)
		}, c.mem.Bytes())
		if waiting.Add(1)%maxWaiting == 0 {
			go runtime.GC()
		}
	}
}

// mapRegion maps a file. When address space has run out it first lets the
// collector find closed mappings.
func mapRegion(f *os.File, length, prot int) (mmap.MMap, error) {
	for range 4 {
		m, err := mmap.MapRegion(f, length, prot, 0, 0)
		if !errors.Is(err, syscall.ENOMEM) || waiting.Load() == 0 {
			return m, err
		}
		before := waiting.Load()
		runtime.GC()
		for range 1000 {
			if waiting.Load() < before {
				break
			}
			runtime.Gosched() // cleanups run on a goroutine of their own
		}
	}
	return mmap.MapRegion(f, length, prot, 0, 0)
}
