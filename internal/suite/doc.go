// Package suite plays one script in several worlds, and is how an implementation of our
// types shows that it behaves as the others do.
//
// The model: a scene is about one object, and has actors: goroutines of this process, each
// with a handle of its own; processes; processes of which every other one is a program in
// another language. Each actor does what it is told, one call after the other, and answers
// each with one line. What the object may be, and where it lives, is the [World]'s: a
// segment, the server of a manager. The behaviours themselves are in the packages below
// this one, by conformance id: locks, queues, pools. A test of an implementation calls them
// one by one, or all, and docs/conformance.md names that test.
//
// Guarantees: an actor that is a process is a real one, and dies by SIGKILL. A step that
// must wait is over when the actor sleeps in it, and no time is taken for that.
//
// A [Place] is what a world must be able to tell: how many calls had to wait, so that a
// script can go on when one does, and that a death has been noticed, where that takes a
// while: there [World.Arrive] may leave a sign of life. Scripts do not depend on how long.
//
// What it does not do: it knows nothing of what an object is in memory. Hostile bytes,
// single instructions and allocations are tested where the type is.
//
//	var world = suite.NewWorld("actor", serve) // serve(t) is a suite.Place: a server and a client of it
//
//	func client(at suite.Place) *manager.Client { return at.(*place).client }
//
//	func init() {
//		world.Leases = true
//		locks.AddMutex(world, func(at suite.Place) (*manager.Mutex, error) { return manager.NewMutex(client(at)) })
//		locks.AddEvent(world, func(at suite.Place) (*manager.Event, error) { return manager.NewEvent(client(at)) })
//	}
//	func TestLocks(t *testing.T)        { locks.All(t, world, nil) }
//	func TestLocksOverTCP(t *testing.T) { locks.All(t, world.In(serveTCP), suite.Except{"BarrierMembers": "why not"}) }
package suite
