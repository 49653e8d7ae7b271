package ring_test

import (
	"os"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/shm"
)

func TestMain(m *testing.M) { shmtest.Main(m, shm.CloseDefault) }

func init() { shmtest.OnHang(func() { shm.Dump(os.Stderr) }) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
