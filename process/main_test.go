package process_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/process"
	"shmkit/shm"
)

// forgetful makes a process of this program one that does not call Main.
const forgetful = "SHMKIT_TEST_FORGETFUL"

// idle makes it one that does nothing.
const idle = "SHMKIT_TEST_IDLE"

func init() {
	if os.Getenv(forgetful) == "panic" {
		panic("in init")
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(idle) != "" {
		os.Exit(0)
	}
	if os.Getenv(forgetful) != "" {
		_, err := square.Start(context.Background(), 1)
		fmt.Println(err)
		os.Exit(0)
	}
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // else each child takes a second to end, under the race detector
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
