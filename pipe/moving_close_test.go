package pipe_test

import (
	"errors"
	"path/filepath"
	"testing"

	"shmkit/pipe"
)

// Close waits for no SendConn that has the one connection and waits for the other one, however
// long that takes, whichever of the two is closed.
func TestCloseBesideSendConn(t *testing.T) {
	shmWatch(t)
	unix := func() (here, there *pipe.Conn) {
		here, there = connected(t, "unix", filepath.Join(t.TempDir(), "s"))
		t.Cleanup(func() { here.Close(); there.Close() })
		return here, there
	}
	sent := make(chan error)

	other, _ := unix()
	c, _ := unix()
	go c.SendBytes(make([]byte, 16<<20)) // nobody receives it
	until(func() bool { busy, _ := c.Sending(); return busy })
	go func() { sent <- c.SendConn(other) }()
	until(func() bool { _, waiting := c.Sending(); return waiting == 1 })
	must(t, other.Close())
	if err := <-sent; !errors.Is(err, pipe.ErrClosed) {
		t.Errorf("what was to be sent is closed: %v", err)
	}

	c, _ = unix()
	other, _ = unix()
	go other.RecvBytes() // nobody sends anything
	until(func() bool { busy, _ := other.Receiving(); return busy })
	go func() { sent <- c.SendConn(other) }()
	until(func() bool { _, waiting := other.Receiving(); return waiting == 1 })
	must(t, c.Close())
	if err := <-sent; !errors.Is(err, pipe.ErrClosed) {
		t.Errorf("what was to carry it is closed: %v", err)
	}
}
