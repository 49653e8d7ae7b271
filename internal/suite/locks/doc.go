// Package locks is what locks, semaphores, conditions, events and barriers must do, by
// conformance id, in whatever world they are.
//
// The model: see package suite. For each kind there is an interface, the methods that the
// suite calls; a function Add that makes the kind known to a world; and behaviours, which
// are functions of a test and a world. What an actor is told is the name of a method and
// its arguments; include/testdata/actor.c understands the same.
//
// Guarantees: the same scripts run for every world, with the same answers. suite.World.Leases
// tells the only difference that there is, for permits of the dead.
//
// What it does not do: it does not look into objects, but where a kind is added with a
// function that tells a state.
//
//	locks.AddMutex(world, func(at suite.Place) (*shsync.Mutex, error) { return shsync.NewMutexIn(at.(*place).seg, "it") })
//	func TestSuiteMutexBasics(t *testing.T) { locks.MutexBasics(t, world) }
package locks
