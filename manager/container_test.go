package manager_test

import (
	"fmt"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

// What children do with containers of their parents, by name.
func init() {
	shmtest.Register("array", func(c *shmtest.Child) {
		a, err := manager.OpenArray[int32](dialed(c), "a")
		c.Must(err)
		all, err := a.Copy()
		c.Must(err)
		c.Must(a.Set(2, -7))
		_, err = a.AddAt(4, 10)
		c.Must(err)
		c.Say(fmt.Sprint(a.Len(), all))
	})
}
