// Package ring gives queues and streams that processes share: bounded, first in first
// out, without a lock, and whole whoever is killed when.
//
// The model: a [Queue] has capacity slots, which are the order, and somewhat more
// blocks, which are the payload. One word of a block says who has it. A producer takes
// a free block, fills it, and publishes it by one compare-and-swap that also claims its
// place in the order; a consumer takes a message by one compare-and-swap on the block.
// All that has to follow can be done by whoever comes next. So a process that is killed
// or stopped at any instruction holds up nobody: what it was filling is free again, what
// it had taken and not acknowledged goes to another consumer, with its count of
// deliveries.
//
// Guarantees: the queue is linearizable and its capacity exact. A message whose Put
// returned is delivered to a consumer that lives to acknowledge it; Get acknowledges
// what it returns. A message that is half-written is never seen. In the terminology of
// the Go memory model, the Put of a message synchronizes before the Get that returns
// it. No system call is made while nobody sleeps, and nobody sleeps while there is
// something to do. Who sleeps hears from the kernel when another process that uses the
// queue dies; where more than seven others use it, of some of them within a second.
//
// Where there is one process at each end, a stream is several times faster: an [SPSC] of
// items, a [Records] of byte records. An end is a role that one process has at a time, with
// its owner in a word: a second one is refused, that of the dead can be taken over, and who
// waits at the other end is told of the death by the kernel. What was published stays, what
// was not is never seen. A [Broadcast] has one publisher, which never waits, and any number
// of subscribers, which are told what they missed.
//
// [Wait] waits for any number of these at once, and for connections of package pipe, files,
// sockets and processes, in one sleep; Chan gives the messages of a consumer over a channel,
// for select; a [Doorbell] is a descriptor for epoll.
//
// What it does not do: messages that come back because a consumer died are delivered
// ahead of newer ones, but behind those that others took meanwhile: they come back when
// somebody finds nothing to take, or no room, or begins to use the segment, or has taken up to
// 128 messages since the death, fewer where they are slow. Items of streams are
// plain memory: numbers, bools, and arrays and structs of them. Those of a queue may be
// bytes, text, or anything that its [Codec] encodes, shared objects among them, of any
// length up to all blocks of its capacity; they are copied, and a long one waits for so many
// blocks to be free while shorter ones go by. What a stopped process is filling, up to the
// longest message, and 64 blocks of it beyond the capacity, is not there for others. A handle
// in a queue does not keep its object alive: the sender does, or whoever else has it open.
//
//	q, err := ring.New[job](100)
//	…
//	err = q.Put(job{1, 2})     // one process
//	j, err := q.Get()          // another
//	n, err := q.GetN(batch)    // many at once cost less each
//
//	s, err := ring.NewSPSC[job](1024)
//	p, err := s.Producer()     // one process: p.Put, p.PutN, p.Claim and p.Commit, p.Close
//	c, err := s.Consumer()     // another: c.Get, c.GetN, c.Peek and c.Release
//
// head is the next to take, tail the next to publish; both only grow. In a queue they count
// tickets: pos is the place of a ticket in the ring, turn how often the ring was gone
// round before.
package ring
