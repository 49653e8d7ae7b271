package pipe_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
	"shmkit/shm"
)

func TestMain(m *testing.M) { shmtest.Main(m, shm.CloseDefault) }

func init() { shmtest.OnHang(func() { shm.Dump(os.Stderr) }) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails unless err is want.
func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// segment is a segment that is checked at the end of the test.
func segment(t testing.TB) *shm.Segment {
	t.Helper()
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	t.Cleanup(func() {
		found, err := seg.Check()
		if err != nil || len(found) > 0 {
			t.Errorf("Check: %v %v", found, err)
		}
		must(t, seg.Close())
	})
	return seg
}

// room of the connections of a test: from one in which a message of 17 bytes is long to one
// in which none is.
var rooms = []int{64, 1 << 10, pipe.Room}

// newEnds makes a connection, whose ends are closed at the end of the test.
func newEnds(t testing.TB, duplex bool, room int) (a, b *pipe.Conn) {
	t.Helper()
	a, b, err := pipe.NewRoomIn(segment(t), "", duplex, room)
	must(t, err)
	t.Cleanup(func() {
		a.Close()
		b.Close()
	})
	return a, b
}
