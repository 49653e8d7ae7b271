package manager_test

import (
	"errors"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
	"shmkit/shm"
)

func TestMain(m *testing.M) { shmtest.Main(m, sweep) }

// sweep removes what servers that were killed have left, as whoever comes next does.
func sweep() error {
	l, err := pipe.Listen("unix", "")
	if err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	if _, err := shm.Sweep(); err != nil {
		return err
	}
	return shm.CloseDefault()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails unless err is want.
func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}
