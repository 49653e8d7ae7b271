package manager_test

import (
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	shsync "shmkit/sync"
)

func init() {
	shmtest.Register("mutex-holder", func(c *shmtest.Child) {
		m, err := manager.OpenMutex(dialed(c), c.Args[2])
		c.Must(err)
		c.Must(m.Lock())
		c.Say("held")
		c.Park()
	})
}

// The lock of a client that was killed is free, and who gets it is told.
func TestMutexHolderKilled(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		m, err := manager.NewMutex(w.dial(t), manager.Named("m"))
		must(t, err)
		holder := w.start(t, "mutex-holder", "m")
		holder.Expect("held")
		holder.Kill()
		is(t, "Lock after the holder was killed", m.Lock(), shsync.ErrOwnerDied)
	})
}
