package pipe

import "shmkit/shm"

// NewSegment makes a connection without a name in seg.
func NewSegment(seg *shm.Segment, duplex bool, room int) (a, b *Conn, err error) {
	return makeEnds(seg, "", duplex, room)
}
