package pipe_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"shmkit/pipe"
)

// A net.Conn has no messages, so it writes any number of bytes, however short those of its
// connection are.
func TestNetConnOfShortMessages(t *testing.T) {
	shmWatch(t)
	want := bytes.Repeat([]byte("abc"), 1000)
	for _, family := range []string{"unix", "tcp", "shm"} {
		address := map[string]string{"unix": filepath.Join(t.TempDir(), "s"), "shm": "short"}[family]
		a, b := connected(t, family, address, pipe.WithMaxMessage(7))
		write := make(chan error)
		go func() {
			_, err := a.NetConn().Write(want)
			a.Close()
			write <- err
		}()
		got, err := io.ReadAll(b.NetConn())
		if wrong := <-write; wrong != nil || err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v, and %d bytes, %v", family, wrong, len(got), err)
		}
		must(t, b.Close())
	}
	a, b := connected(t, "unix", filepath.Join(t.TempDir(), "s"), pipe.WithMaxMessage(0))
	if _, err := a.NetConn().Write(want); !errors.Is(err, pipe.ErrTooLong) {
		t.Errorf("no message may have a byte: %v", err)
	}
	must(t, a.Close())
	must(t, b.Close())
}
