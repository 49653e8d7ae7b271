package manager_test

import (
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"shmkit/internal/shmtest"
)

// limited registers the helper "full-log", whose files cannot be longer than 100 kB.
func limited(f func(c *shmtest.Child)) {
	shmtest.Register("full-log", func(c *shmtest.Child) {
		signal.Ignore(syscall.SIGXFSZ)
		c.Must(unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 100_000, Max: 100_000}))
		f(c)
	})
}
