package wire

// Methods of a Queue, and with [Method.Of] of a JoinableQueue. Created with: uint capacity in
// messages or 0, uint room in bytes.
//
// A message that was taken is the session's until QueueAck, under the number of its lease;
// those of one answer are numbered one after the other. Of references in them the session has
// one more then; unseen says that it does not want them.
const (
	QueuePut   Method = Method(TypeQueue)<<8 + iota // waits; rest of body: an Item →
	QueuePutN                                       // waits; uint n, n × item → uint how many were put, uint code: why not all
	QueueGet                                        // waits; → uint lease, uint deliveries before, rest of body: an Item
	QueueGetN                                       // waits for the first; uint at most → uint first lease, uint n, n × (uint deliveries before, item)
	QueueAck                                        // uint first lease, uint n, bool unseen: they are dealt with →
	QueueNack                                       // uint first lease, uint n, bool unseen: they go back, in their old order →
	QueueClose                                      // →
	QueueInfo                                       // → uint waiting, capacity, unfinished, bytes, room, puts, gets, redelivered, most, getters, putters, joiners, bool closed
	QueueJoin                                       // of a JoinableQueue; waits until nothing is unfinished →
)
