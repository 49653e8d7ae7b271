package pipe_test

import (
	"testing"

	"shmkit/pipe"
)

// What a message costs when nobody waits, in one goroutine.
func BenchmarkSendRecv(b *testing.B) {
	from, to := newEnds(b, true, pipe.Room)
	var ball [8]byte
	b.ReportAllocs()
	for b.Loop() {
		if err := from.SendBytes(ball[:]); err != nil {
			b.Fatal(err)
		}
		if _, err := to.RecvInto(ball[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLongMessage(b *testing.B) {
	from, to := newEnds(b, true, pipe.Room)
	long, buf := make([]byte, 1<<20), make([]byte, 1<<20)
	b.SetBytes(int64(len(long)))
	go func() {
		for from.SendBytes(long) == nil {
		}
	}()
	for b.Loop() {
		if _, err := to.RecvInto(buf); err != nil {
			b.Fatal(err)
		}
	}
	to.Close()
}
