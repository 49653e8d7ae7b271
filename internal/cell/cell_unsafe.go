package cell

import (
	"sync/atomic"
	"unsafe"
)

// Load is the value of the cell, or other() for a T of another size than 1, 2, 4
// or 8 bytes. A cell of less than 4 bytes must start an aligned word of 4. A nil
// cell panics as any nil pointer does: a test for it would be a tenth of the cost.
func Load[T any](p *T, other func() T) T {
	switch unsafe.Sizeof(*p) {
	case 8:
		w := atomic.LoadUint64((*uint64)(unsafe.Pointer(p)))
		return *(*T)(unsafe.Pointer(&w))
	case 1, 2, 4:
		w := atomic.LoadUint32((*uint32)(unsafe.Pointer(p)))
		return *(*T)(unsafe.Pointer(&w))
	}
	return other()
}

// Store sets the cell. A cell of less than 4 bytes must own an aligned word of 4,
// the rest of which becomes zero.
func Store[T any](p *T, v T, other func(T)) {
	if p == nil {
		other(v)
	} else {
		switch unsafe.Sizeof(v) {
		case 8:
			atomic.StoreUint64((*uint64)(unsafe.Pointer(p)), *(*uint64)(unsafe.Pointer(&v)))
		case 4:
			atomic.StoreUint32((*uint32)(unsafe.Pointer(p)), *(*uint32)(unsafe.Pointer(&v)))
		case 2: // building a wider word in memory would stall on the load that follows
			atomic.StoreUint32((*uint32)(unsafe.Pointer(p)), uint32(*(*uint16)(unsafe.Pointer(&v))))
		default:
			atomic.StoreUint32((*uint32)(unsafe.Pointer(p)), uint32(*(*uint8)(unsafe.Pointer(&v))))
		}
	}
}

// Swap sets a cell of 4 or 8 bytes and gives what it was.
func Swap[T any](p *T, v T, other func(T) T) (old T) {
	if p == nil {
		return other(v)
	}
	if unsafe.Sizeof(v) == 8 {
		*(*uint64)(unsafe.Pointer(&old)) = atomic.SwapUint64((*uint64)(unsafe.Pointer(p)), *(*uint64)(unsafe.Pointer(&v)))
	} else {
		*(*uint32)(unsafe.Pointer(&old)) = atomic.SwapUint32((*uint32)(unsafe.Pointer(p)), *(*uint32)(unsafe.Pointer(&v)))
	}
	return
}

// CompareAndSwap sets a cell of 4 or 8 bytes, all bits of which count, to v if it
// has the bits of old.
func CompareAndSwap[T any](p *T, old, v T, other func(old, v T) bool) bool {
	if p == nil {
		return other(old, v)
	}
	if unsafe.Sizeof(v) == 8 {
		return atomic.CompareAndSwapUint64((*uint64)(unsafe.Pointer(p)),
			*(*uint64)(unsafe.Pointer(&old)), *(*uint64)(unsafe.Pointer(&v)))
	}
	return atomic.CompareAndSwapUint32((*uint32)(unsafe.Pointer(p)),
		*(*uint32)(unsafe.Pointer(&old)), *(*uint32)(unsafe.Pointer(&v)))
}

// Add adds to a cell that is an integer of 4 or 8 bytes, and gives the sum.
func Add[T any](p *T, delta T, other func(T) T) (sum T) {
	if p == nil {
		return other(delta)
	}
	if unsafe.Sizeof(delta) == 8 {
		*(*uint64)(unsafe.Pointer(&sum)) = atomic.AddUint64((*uint64)(unsafe.Pointer(p)), *(*uint64)(unsafe.Pointer(&delta)))
	} else {
		*(*uint32)(unsafe.Pointer(&sum)) = atomic.AddUint32((*uint32)(unsafe.Pointer(p)), *(*uint32)(unsafe.Pointer(&delta)))
	}
	return
}
