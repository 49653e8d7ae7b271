//go:build linux && (amd64 || arm64)

package crash_test

import (
	"path/filepath"
	"sync"
	"testing"

	"shmkit/internal/shmtest"
)

// cVictim gives what builds the victim that is written in C, once for all
// operations. Without a compiler those are skipped.
func cVictim(all *testing.T) func(t *testing.T) string {
	var once sync.Once
	var path string
	return func(t *testing.T) string {
		shmtest.CC(t)
		once.Do(func() { path = shmtest.BuildC(all, filepath.Join("testdata", "victim.c"), "-static") })
		return path
	}
}

// cOperations are those of include/shmkit.h. Go survives them.
var cOperations = []operation{
	{name: "C: mutex_lock", c: true, brief: true, shows: lockShows},
	{name: "C: mutex_lock that waits", c: true, shows: lockShows, stage: residentHolds, rouse: residentGives},
	{name: "C: mutex_lock that takes over", c: true, shows: lockShows, meanwhile: corpseHolds},
	{name: "C: mutex_unlock", c: true, brief: true, shows: lockShows},
	{name: "C: mutex_mark_consistent", c: true, brief: true, shows: lockShows, stage: corpseHolds},
	{name: "C: value_set, 128 bytes", c: true, shows: []string{"value"}},
	{name: "C: find", c: true},
	{name: "C: release", c: true},
	{name: "C: open", c: true},
	{name: "C: close", c: true, shows: lockShows},
}
