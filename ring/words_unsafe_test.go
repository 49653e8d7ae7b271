package ring_test

import (
	"testing"
	"unsafe"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// wordsOf is the memory of head as words.
func wordsOf[H any](t *testing.T, head *H) (all []*uint64) {
	t.Helper()
	for off := uintptr(0); off < unsafe.Sizeof(*head); off += 8 {
		all = append(all, (*uint64)(unsafe.Add(unsafe.Pointer(head), off)))
	}
	return all
}

// wordAt is the word at a multiple of 8 in shared memory.
func wordAt(b []byte, at int) *uint64 { return (*uint64)(unsafe.Pointer(&b[at : at+8][0])) }

func broadcastHead(o *shm.Object) *layout.BroadcastHead { return shm.Head[layout.BroadcastHead](o, 0) }
