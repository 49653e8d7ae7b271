package manager_test

import (
	"testing"

	"shmkit/internal/suite"
	"shmkit/internal/suite/locks"
)

// Locks and their kin at a server do what those in shared memory do: see package locks for what
// that is, and whom it kills.
func TestSuiteLocks(t *testing.T) {
	eachSuite(t, func(t *testing.T, w *suite.World) { locks.All(t, w, nil) })
}
