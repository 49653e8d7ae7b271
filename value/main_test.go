package value_test

import (
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/shm"
)

func TestMain(m *testing.M) { shmtest.Main(m, shm.CloseDefault) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
