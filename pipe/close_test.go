package pipe_test

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
	"shmkit/ring"
)

// Whatever of an end is called at once: nobody panics, or touches what was given back.
func TestCloseBesidesAll(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	for range 300 {
		a, b, err := pipe.New(true)
		must(t, err)
		var all sync.WaitGroup
		for _, call := range []func() error{
			a.CloseWrite,
			a.Close,
			func() error { _, err := a.MarshalText(); return err },
			a.CloseWrite,
			func() error { return a.SendBytes(nil) },
		} {
			all.Go(func() {
				err := call()
				for _, known := range []error{nil, pipe.ErrClosed, pipe.ErrBusy, ring.ErrTaken} {
					if errors.Is(err, known) {
						return
					}
				}
				t.Error(err)
			})
		}
		all.Wait()
		must(t, b.Close())
	}
}

// What was sent is received, also if the sender closes its end, or its writing half, at the
// same time.
func TestSentBeforeClose(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	long := make([]byte, 8<<20) // one record: to write it takes some milliseconds
	for n := range 40 {
		a, b, err := pipe.NewRoom(true, 32<<20)
		must(t, err)
		begun, sent := make(chan bool), make(chan error)
		go func() {
			close(begun)
			sent <- a.SendBytes(long)
		}()
		<-begun
		time.Sleep(time.Duration(n) * 100 * time.Microsecond) // any instant will do
		end := a.Close
		if n%2 > 0 {
			end = a.CloseWrite
		}
		ended := make(chan error)
		go func() { ended <- end() }()
		received := 0
		for err = nil; err == nil; {
			if _, err = b.RecvBytes(); err == nil {
				received++
			}
		}
		if err != io.EOF {
			t.Errorf("RecvBytes: %v", err)
		}
		if err := <-sent; err == nil && received == 0 {
			t.Errorf("round %d: SendBytes says that it was sent, but nothing came", n)
		} else if err != nil && !errors.Is(err, pipe.ErrClosed) {
			t.Errorf("SendBytes: %v", err)
		}
		must(t, <-ended)
		a.Close()
		must(t, b.Close())
	}
}
