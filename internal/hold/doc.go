// Package hold is the part that handles of objects with a lock have in common:
// the use of the object, its lock, and an end that waits for those inside.
//
// The model: a [Hold] is owned by the handles that share it, a Value or an Array
// and its views. Each gives it up once; the last one ends the use of the object.
// If the handles are dropped instead, the garbage collector ends it, unless one
// was encoded: see [shmkit/shm.AutoClose].
//
// Guarantees: after the last Close no operation under [Hold.With] runs, and none
// begins, so that none touches memory that is another object's by then. Those
// that wait for the lock give up. A process that dies needs none of this: the
// sweep ends its use.
//
// The package does not protect accesses outside With.
//
//	h := hold.New(o, nil)
//	err := h.With(func(died bool) error { … })
//	err = h.Close()
package hold
