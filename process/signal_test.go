package process_test

import (
	"os"
	"runtime"
	"testing"

	"shmkit/internal/sys"
)

func shmtestGoexit() { runtime.Goexit() }

func readable(t *testing.T, f *os.File) (yes bool) {
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { yes = sys.Ended(int(fd)) })
	return yes
}
