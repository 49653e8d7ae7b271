package manager_test

import (
	"testing"

	"shmkit/internal/suite"
	"shmkit/internal/suite/locks"
)

// conformance: LK-01, LK-04
func TestSuiteLocks(t *testing.T) {
	eachSuite(t, func(t *testing.T, w *suite.World) { locks.All(t, w, nil) })
}
