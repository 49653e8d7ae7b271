package pipe

import (
	"fmt"

	"shmkit/ring"
	"shmkit/shm"
)

// Room is how many bytes wait in each direction before sends do, words and padding
// included. Longer messages are sent in pieces.
const Room = 64 << 10

// New makes a connection on the process's default heap, and gives both ends. If it is not
// duplex, a only receives and b only sends. Both ends are this process's; encode one to send
// it to another. The memory is freed when the last process that has an end closes it
// or dies. Errors: those of shm.Default and Segment.NewObject.
func New(duplex bool) (a, b *Conn, err error) { return NewRoom(duplex, Room) }

// NewRoom is New with room for so many bytes in each direction, rounded up to a power of
// two. Errors: ring.ErrCapacity below 1 byte and above ring.MaxRecords; else as New.
func NewRoom(duplex bool, room int) (a, b *Conn, err error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, nil, err
	}
	return NewRoomIn(seg, "", duplex, room)
}

// NewIn makes a connection called name in seg, and gives both ends; see New. End 0, which is
// a, is this process's. End 1 is that of the first process that uses it: this one with b, or
// another one that opens it by name. The connection stays until
// Segment.RemoveObject, but an end that was closed stays closed; see [Conn.Detach]. Errors: as New,
// shm.ErrExists among them.
func NewIn(seg *shm.Segment, name string, duplex bool) (a, b *Conn, err error) {
	return NewRoomIn(seg, name, duplex, Room)
}

// NewRoomIn is NewIn with room as for [NewRoom].
func NewRoomIn(seg *shm.Segment, name string, duplex bool, room int) (a, b *Conn, err error) {
	lanes := 1
	if duplex {
		lanes = 2
	}
	pair, err := ring.NewPairIn(seg, name, room, lanes)
	if err != nil {
		return nil, nil, err
	}
	again, err := pair.Share()
	if err != nil {
		pair.Detach()
		return nil, nil, err
	}
	zero, one := newRings(pair, 0), newRings(again, 1)
	if err = zero.claim(); err == nil && name == "" {
		err = one.claim()
	}
	if err != nil {
		zero.release()
		one.release()
		return nil, nil, err
	}
	return new(Conn).init(zero), new(Conn).init(one), nil
}

// Open opens an end, 0 or 1, of the connection called name in seg, and makes it this
// process's. If the process that had it died, this one goes on where that ended. Errors:
// *ring.RoleError, which is ring.ErrTaken, if a process that lives has it; [ErrEnd];
// shm.ErrNotFound; *shm.TypeError if it is something else; *shm.CorruptError.
func Open(seg *shm.Segment, name string, end int) (*Conn, error) {
	if end != 0 && end != 1 {
		return nil, fmt.Errorf("%w: %d", ErrEnd, end)
	}
	pair, err := ring.OpenPair(seg, name)
	if err != nil {
		return nil, err
	}
	c := new(Conn)
	if err := c.open(pair, end); err != nil {
		return nil, err
	}
	return c, nil
}

// open makes c, which is new, an end of pair, which it then owns.
func (c *Conn) open(pair *ring.Pair, end int) error {
	t := newRings(pair, end)
	if err := t.claim(); err != nil {
		t.release()
		return err
	}
	c.init(t)
	return nil
}
