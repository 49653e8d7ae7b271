package ring

import (
	"sync/atomic"
	"unsafe"

	"shmkit/internal/layout"
	"shmkit/internal/race"
	"shmkit/shm"
)

const cellHead = unsafe.Sizeof(layout.QueueCell{})

// memory is where the cells of a queue are.
type memory struct {
	base   unsafe.Pointer
	stride uintptr
}

// memoryOf needs an object whose numbers were checked.
func memoryOf(o *shm.Object, stride uint32) memory {
	return memory{unsafe.Pointer(unsafe.SliceData(shm.Raw(o))), uintptr(stride)}
}

// cell is cell i.
//
// Preconditions:
//   - i is less than the number of cells
func (m *memory) cell(i uint32) *layout.QueueCell {
	return (*layout.QueueCell)(unsafe.Add(m.base, uintptr(i)*m.stride))
}

// fetch is how many cells a batch asks for at once, ahead of those that it is at: each
// locked instruction waits for its own line, and orders the loads after it, so that the
// processor does not ask for several lines by itself.
const fetch = 8

// fetchAhead is called before message i of a run of n, in cell pos, if i is a multiple of
// fetch.
func fetchAhead(m memory, i, n int, pos uint32) {
	from, to := i+fetch, min(i+2*fetch, n)
	if i == 0 {
		from = 0
	}
	if from < to && m.stride <= 4*line {
		fetchLines(unsafe.Pointer(m.cell(pos+uint32(from-i))), uintptr(to-from)*m.stride)
	}
}

// whole is a T that the compiler copies in place: for an array it calls a function,
// because two arrays may overlap.
type whole[T any] struct{ v T }

func asWhole[T any](v *T) *whole[T] { return (*whole[T])(unsafe.Pointer(v)) }

// payload is the payload of block i as a T, which is no larger than it.
func payload[T any](m *memory, i uint32) *whole[T] {
	return (*whole[T])(unsafe.Add(m.base, uintptr(i)*m.stride+cellHead))
}

// line is what a processor moves between cores at once.
const line = 64

// adopt writes to each line of the payload of block i, which is ours, what is there. What
// was only read here stays with both cores, and costs some processors ten times as much
// to write again as what moves to and fro.
func adopt[T any](m *memory, i uint32) {
	var v T
	// The first line has the word of the block, which changes hands anyway.
	for off := uintptr(2*line - 4); off < cellHead+unsafe.Sizeof(v)+line-4; off += line {
		word := (*uint32)(unsafe.Add(m.base, uintptr(i)*m.stride+off))
		*word = atomic.LoadUint32(word) // atomic, or the compiler drops both
	}
}

// adoptItems is adopt for n items from pos on, which are ours, of a ring that begins with a
// line. Of items that share a line only the last one is written: the others may have gone
// back to the producer.
func adoptItems[T any](ring []T, pos, n uint64) {
	for off, end := lastWords(uint64(unsafe.Sizeof(ring[0])), pos, n); off < end; off += line {
		word := (*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(ring)), uintptr(off)))
		*word = atomic.LoadUint32(word) // atomic, or the compiler drops both
	}
}

// The race detector does not see what is handed over through mapped memory. It is told
// through a Go object.

func (c *core) raceAcquire() { race.Acquire(unsafe.Pointer(c)) }

func (c *core) raceRelease() { race.Release(unsafe.Pointer(c)) }
