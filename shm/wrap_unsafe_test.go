package shm_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// worn is a segment whose counters are about to wrap around: every object record of
// the first page, and every slot, has been used as often as it can be but a few times.
// Nobody has it open.
func worn(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "worn")
	seg, err := shm.Create(path)
	must(t, err)
	o, err := seg.NewObject("", shm.Spec{Kind: shm.KindMutex, Mutex: true}, nil) // so that there is a page
	must(t, err)
	must(t, o.Close())
	must(t, seg.Close())
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	var page [8]byte
	_, err = f.ReadAt(page[:], int64(unsafe.Offsetof(layout.Header{}.Pages)))
	must(t, err)
	for i := range int64(layout.PageObjects(0)) {
		state := layout.ObjectState(layout.ObjectFree, 0, 1<<32-3)
		at := int64(binary.LittleEndian.Uint64(page[:])) + i*layout.ObjectSize + int64(unsafe.Offsetof(layout.Object{}.State))
		_, err = f.WriteAt(binary.LittleEndian.AppendUint64(nil, state), at)
		must(t, err)
	}
	for slot := range uint32(4) {
		at := int64(layout.ParticipantOff(slot)) + int64(unsafe.Offsetof(layout.Participant{}.Generation))
		_, err = f.WriteAt(binary.LittleEndian.AppendUint32(nil, layout.GenerationMask-2), at)
		must(t, err)
	}
	return path
}
