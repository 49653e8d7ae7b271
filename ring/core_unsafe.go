package ring

import (
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

// payload is the payload of block i as a T, which is no larger than it.
func payload[T any](m *memory, i uint32) *T {
	return (*T)(unsafe.Add(m.base, uintptr(i)*m.stride+cellHead))
}

// The race detector does not see what is handed over through mapped memory. It is told
// through a Go object.

func (c *core) raceAcquire() { race.Acquire(unsafe.Pointer(c)) }

func (c *core) raceRelease() { race.Release(unsafe.Pointer(c)) }
