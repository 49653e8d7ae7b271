package layout

import "structs"

// A stream runs one way, from the one process that has its producer end to the one that
// has its consumer end. It is a ring of items (SPSC) or of bytes (Records).
//
// Tail and Head only grow; they count items, or bytes. Law: Tail - Head is at most the
// number of items, or bytes, that there is room for. What lies from Head to Tail is
// published, and nobody changes it; what lies from Tail on is the producer's, whatever
// it has there.
//
// The word of a role (Producer, Consumer), a futex: died:1 | 0:1 | owner:30.
//
//	D owner  meaning
//	0 0      nobody has the end; any process may take it
//	0 o      o has the end; another may take it if o is dead
//	1 o      o died with the end, or lost its last handle; any process may take it, and
//	         until then the other end is told
//
// Law: only the process that a role names moves Tail, or Head, and only it, or one that
// has proved it dead, changes a role that names somebody.
//
// Items and Space are futexes: waiters:1 | sequence:30 | often:1. Waiters says that the
// consumer, or the producer, may sleep; whoever wakes it takes the bit away and raises the
// number. Often says that it does so often: the other end then makes a full fence between
// its index and the look at this word, and whoever sleeps need not make one for it.
const (
	RoleDied uint32 = 1 << 31

	// Parts of Items and Space.
	StreamWaiters uint32 = 1 << 31
	StreamNumber  uint32 = 1 << 1 // what the number is raised by
	StreamOften   uint32 = 1 << 0
)

// Each record of a Records ring begins at a multiple of 8 with a word, and has its bytes
// after that: skip:1 | 0:31 | length:32. Records do not go across the end of the ring:
//
//	skip length  meaning
//	0    n       a record of n bytes follows, and up to 7 bytes more
//	1    0       nothing follows up to the end of the ring; the next record is at its start
const (
	RecordSkip   uint64 = 1 << 63
	RecordLength uint64 = 1<<32 - 1
	RecordHead          = 8 // bytes of the word
)

// StreamHead is the head of an SPSC ring, and of a ring of records. The items follow it;
// there are a power of two of them, or of bytes.
type StreamHead struct {
	_ structs.HostLayout

	// Line 0. Written by the creator.
	Limit uint64    // SPSC: the largest Tail - Head; Records: all bytes of the ring
	_     [120]byte // zero

	// Line 1. Written by the producer.
	Tail uint64    // next to publish
	_    [120]byte // zero

	// Line 2. Written by the consumer.
	Head uint64    // next to take
	_    [120]byte // zero

	// Line 3. Written by the consumer before it sleeps, and by who wakes it.
	Items uint32    // see above
	_     [124]byte // zero

	// Line 4. Written by the producer before it sleeps, and by who wakes it.
	Space uint32    // see above
	_     [124]byte // zero

	// Line 5. Rarely written.
	Producer  uint32    // role
	Consumer  uint32    // role
	Closing   uint32    // 1: nothing more is published
	_         [4]byte   // zero
	Takeovers uint64    // ends that were taken over from the dead
	_         [104]byte // zero
}

// A Pair is two streams of records in one object, one each way: two heads one after the
// other, and then the bytes of both rings. In one that only goes one way the second head is
// zero and has no ring: items are as many as the first Limit says, and else twice as many.

// RecordBytes is how much of the ring a record of n bytes takes.
func RecordBytes(n uint64) uint64 { return RecordHead + (n+7)&^7 }
