package ring_test

import (
	"context"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

// The bytes that a channel gives are the receiver's: later messages do not change them. So
// it is with every T that is not plain memory.
func TestChanOfBytes(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	type blob []byte
	q, err := ring.NewIn[blob](segment(t), "bytes", 1)
	must(t, err)
	defer q.Detach()
	blobs, stop := ring.Chan(context.Background(), q)
	var got []blob
	for n := range byte(200) {
		must(t, q.Put(blob{n, n, n}))
		got = append(got, <-blobs)
	}
	for n, b := range got {
		if string(b) != string([]byte{byte(n), byte(n), byte(n)}) {
			t.Fatalf("number %d is %x now", n, b)
		}
	}
	must(t, stop())
}
