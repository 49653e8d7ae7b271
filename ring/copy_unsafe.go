package ring

import "unsafe"

// small is the size in bytes up to which copyTo copies by words.
const small = 256

// copyTo copies *v to *slot. A small item was most likely put together just now, field by
// field, and a processor that loads more at once than was stored at once waits for these
// stores to reach the cache. So it copies the words that fields are made of.
func copyTo[T any](slot, v *T) {
	n := unsafe.Sizeof(*v)
	if n%8 != 0 || n > small || n == 0 {
		*slot = *v
		return
	}
	from, to := unsafe.Slice((*uint64)(unsafe.Pointer(v)), n/8), unsafe.Slice((*uint64)(unsafe.Pointer(slot)), n/8)
	//lint:ignore S1001 see above: not by copy
	for i := range from {
		to[i] = from[i]
	}
}
