package pipe_test

import (
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"shmkit/pipe"
)

// Connections that are sent over each other at the same time, two or in a ring, do not wait
// for each other: one goes, and those that it was to carry are told that it is closed.
func TestConnectionsThatCross(t *testing.T) {
	shmWatch(t)
	for n := range 100 {
		ends := make([]*pipe.Conn, 2+n%2) // of this process
		there := make([]*pipe.Conn, len(ends))
		for i := range ends {
			ends[i], there[i] = connected(t, "unix", filepath.Join(t.TempDir(), "s"))
		}
		sent := make([]error, len(ends))
		var all, received sync.WaitGroup
		for _, c := range ends { // so that none gets all that it wants at once
			received.Go(func() { expectBytes(t, c, "now") })
			until(func() bool { busy, _ := c.Receiving(); return busy })
		}
		for i, c := range ends {
			next := ends[(i+1)%len(ends)]
			all.Go(func() { sent[i] = c.SendConn(next) })
			until(func() bool { _, waiting := next.Receiving(); return waiting == 1 })
		}
		for _, c := range there {
			must(t, c.SendBytes([]byte("now")))
		}
		all.Wait()
		received.Wait()
		gone := 0
		for i, err := range sent {
			if err == nil {
				gone++
				moved, err := there[i].RecvConn()
				must(t, err)
				must(t, there[(i+1)%len(ends)].SendBytes([]byte("hello")))
				expectBytes(t, moved, "hello")
				must(t, moved.Close())
			} else if !errors.Is(err, pipe.ErrClosed) {
				t.Fatal(err)
			}
		}
		if gone == 0 || gone == len(ends) {
			t.Fatalf("%d of %d were sent: %v", gone, len(ends), sent)
		}
		for i := range ends {
			ends[i].Close()
			there[i].Close()
		}
	}
}

func until(ok func() bool) {
	for !ok() {
		runtime.Gosched()
	}
}
