package pool_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/process"
	"shmkit/shm"
)

func TestMain(m *testing.M) {
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // else each worker takes a second to end, under the race detector
	}
	process.Main()
	// A process has a descriptor of itself from its first child on.
	if p, err := square.Start(context.Background(), 1); err != nil || p.Wait() != nil {
		fmt.Println("there are no processes:", err)
	} else {
		p.Close()
	}
	shmtest.Main(m, shm.CloseDefault)
}
