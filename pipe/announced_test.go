package pipe_test

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"path/filepath"
	"testing"

	"shmkit/pipe"
)

// Where any length is allowed, one that nobody can have is announced like any other: what
// comes of it is kept until the sender gives up.
func TestAnnouncedEndlessly(t *testing.T) {
	shmWatch(t)
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"), pipe.WithMaxMessage(math.MaxInt))
	for _, size := range []uint64{math.MaxInt, math.MaxInt - 12, math.MaxInt - 15, 1 << 62} {
		raw := rawTo(t, l)
		c := accept(t, l)
		_, err := raw.Write(append(binary.BigEndian.AppendUint64([]byte("\xff\xff\xff\xff"), size), "hello"...))
		must(t, err)
		must(t, raw.Close())
		if _, err := c.RecvBytes(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}
