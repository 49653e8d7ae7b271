package pipe_test

import (
	"testing"

	"shmkit/pipe"
	"shmkit/ring"
)

// The listener decides how much waits in each direction; longer messages go all the same.
func TestWithRoom(t *testing.T) {
	shmWatch(t)
	count := func(c *pipe.Conn) (n int) {
		for {
			sent, err := c.TrySendBytes(make([]byte, 240)) // 256 bytes of the ring
			if must(t, err); !sent {
				return n
			}
			n++
		}
	}
	for _, room := range []int{1 << 10, 1 << 12, pipe.Room} {
		l := listen(t, "shm", "", pipe.WithRoom(room))
		client := dial(t, l, pipe.WithRoom(1<<20))
		server := accept(t, l)
		for _, c := range []*pipe.Conn{client, server} {
			if n := count(c); n != room/256 {
				t.Errorf("room for %d bytes: %d records of 256 bytes", room, n)
			}
		}
		for range room / 256 {
			expectBytes(t, client, string(make([]byte, 240)))
		}
		go server.SendBytes(make([]byte, 3*room))
		expectBytes(t, client, string(make([]byte, 3*room)))
	}
	for _, room := range []int{0, -1, ring.MaxRecords + 1} {
		_, err := pipe.Listen("shm", "", pipe.WithRoom(room))
		is(t, "Listen", err, ring.ErrCapacity)
	}
}
