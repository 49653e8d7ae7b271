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
// What it does not do: it knows nothing of what an object is in memory. Hostile bytes,
// single instructions and allocations are tested where the type is.
//
//	var world = suite.NewWorld("actor", func(t testing.TB) suite.Place { return serve(t) })
//
//	func init() {
//		locks.AddMutex(world, func(at suite.Place) (*manager.Mutex, error) { return at.(*place).client.NewMutex() })
//		locks.AddEvent(world, func(at suite.Place) (*manager.Event, error) { return at.(*place).client.NewEvent() })
//	}
//	func TestLocks(t *testing.T) { locks.All(t, world, nil) }
//	func TestLocksOverTCP(t *testing.T) { locks.All(t, world.In(serveTCP), nil) }
package suite
