package cell

import (
	"sync/atomic"
	"unsafe"
)

// Change sets the cell at p, of 1, 2, 4 or 8 bytes, to what next makes of its
// value, in one atomic step. next may be called several times; if it answers
// false, or panics, the cell stays as it is. A cell of less than 4 bytes may lie
// anywhere in its word: its neighbours keep their bits.
func Change[T any](p *T, next func(old T) (T, bool)) (old, now T, ok bool) {
	if unsafe.Sizeof(*p) == 8 {
		w := (*uint64)(unsafe.Pointer(p))
		for {
			have := atomic.LoadUint64(w)
			old = *(*T)(unsafe.Pointer(&have))
			if now, ok = next(old); !ok {
				return old, now, false
			}
			if atomic.CompareAndSwapUint64(w, have, bits(now)) {
				return old, now, true
			}
		}
	}
	w, shift := around(p)
	mask := uint32(1<<(8*unsafe.Sizeof(*p))-1) << shift
	for {
		have := atomic.LoadUint32(w)
		part := have >> shift
		old = *(*T)(unsafe.Pointer(&part))
		if now, ok = next(old); !ok {
			return old, now, false
		}
		if atomic.CompareAndSwapUint32(w, have, have&^mask|uint32(bits(now))<<shift) {
			return old, now, true
		}
	}
}

// Get is the value of the cell at p, of 1, 2, 4 or 8 bytes, wherever it lies.
func Get[T any](p *T) T {
	if unsafe.Sizeof(*p) == 8 {
		return Load(p, nil)
	}
	w, shift := around(p)
	part := atomic.LoadUint32(w) >> shift
	return *(*T)(unsafe.Pointer(&part))
}

// around is the aligned 4 bytes in which a cell of at most 4 bytes lies, and the
// bit at which it starts.
func around[T any](p *T) (w *uint32, shift uintptr) {
	return (*uint32)(unsafe.Pointer(uintptr(unsafe.Pointer(p)) &^ 3)), uintptr(unsafe.Pointer(p)) & 3 * 8
}

// bits is v, of at most 8 bytes, as a number.
func bits[T any](v T) (w uint64) {
	*(*T)(unsafe.Pointer(&w)) = v
	return w
}

// Same tells whether a and b are equal in every bit that counts: a NaN is the same
// as itself, and 0 is not -0.
func Same[T any](a, b *T) bool {
	size := unsafe.Sizeof(*a)
	x, y := unsafe.Slice((*byte)(unsafe.Pointer(a)), size), unsafe.Slice((*byte)(unsafe.Pointer(b)), size)
	return same[T](x, y)
}
