package ring_test

import (
	"errors"
	"testing"

	"shmkit/internal/layout"
	"shmkit/ring"
	"shmkit/shm"
)

// The reader takes its last record and dies just after a writer has found the ring full. The
// writer has room then, and puts its record whole, in its place.
func TestRoomOfTheDead(t *testing.T) {
	seg := segment(t)
	for _, put := range []func(w *ring.Writer, b []byte) error{
		(*ring.Writer).TryPut,
		func(w *ring.Writer, b []byte) error { _, err := w.TryPutN([][]byte{b}); return err },
	} {
		records, err := ring.NewRecordsIn(seg, "records", 64)
		must(t, err)
		_, h := streamObject[byte](t, seg, "records", shm.KindRecords)
		w, err := records.Writer()
		must(t, err)
		r, err := records.Reader()
		must(t, err)
		for range 2 {
			must(t, w.TryPut(make([]byte, 24)))
		}
		owner := h.Consumer
		h.Consumer |= layout.RoleDied
		w.OnceDead(func() {
			if _, err := r.TryGet(nil); err != nil {
				t.Error(err)
			}
		})
		must(t, put(w, []byte("a record of 24 bytes....")))
		h.Consumer = owner
		for _, want := range []string{string(make([]byte, 24)), "a record of 24 bytes...."} {
			if b, err := r.TryGet(nil); err != nil || string(b) != want {
				t.Errorf("got %q %v, want %q", b, err, want)
			}
		}
		must(t, errors.Join(w.Detach(), r.Detach(), seg.RemoveObject("records"), records.Detach()))
	}
}
