//go:build linux && (amd64 || arm64)

package crash_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// residentAwaits has the resident wait for something, until waits tells that others see
// that, and it sleeps: whoever wakes it takes another way if it is not in the kernel yet.
func residentAwaits(what string, waits func(s *scene) bool) func(s *scene) {
	return func(s *scene) {
		s.ask(s.resident, what, "staging")
		for !waits(s) || !asleepInKernel(s.resident.PID()) {
			runtime.Gosched()
		}
	}
}

// asleepInKernel tells whether a thread of the process is in futex_waitv. Go's own threads
// sleep in another system call.
func asleepInKernel(pid int) bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid))
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && bytes.HasPrefix(b, []byte("449 ")) {
			return true
		}
	}
	return false
}
