//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"

	"shmkit/internal/shmtest"
)

func init() { shmtest.Register("corpse", beCorpse) }

// beCorpse leaves something to clean up: it does what it is told and is killed.
func beCorpse(c *shmtest.Child) {
	var mine cast
	seg, err := mine.enter(c.Args[0])
	c.Must(err)
	switch c.Args[1] {
	case "lock":
		_, err = take(mine.lock)
	case "everything":
		_, err = take(mine.lock)
		_, e := take(mine.value.Mutex())
		o, e2 := seg.NewObject("", bytesSpec(5000), nil)
		_, e3 := seg.NewObject("", bytesSpec(100), nil)
		c.Must(errors.Join(e, e2, e3))
		_, e = o.Handle()
		err = errors.Join(err, e)
	default:
		err = mine.guests.task(c.Args[1])()
	}
	c.Must(err)
	c.Say("done")
	c.Park()
}
