// Package queues is what queues must do, and those with a Join, by conformance id, in
// whatever world they are.
//
// The model: see package suite. [AddQueue] and [AddJoinable] make queues known to a world,
// of several capacities. Some behaviours are scripts for actors, which are told the name of
// a method and what to put; some call the methods from goroutines of the test.
//
// Guarantees: no message is lost, doubled or torn and stays unnoticed, in the behaviours
// that look for it.
//
// What it does not do: leases, loans, batches and statistics are ring's own. Nothing is
// said about messages that need a codec.
//
//	queues.AddQueue(world, func(at suite.Place, capacity int) (*ring.Queue[queues.Message], error) {
//		return ring.NewIn[queues.Message](at.(*place).seg, "it", capacity)
//	})
//	func TestPutFull(t *testing.T) { queues.PutFull(t, world) }
package queues
