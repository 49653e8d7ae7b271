package pipe_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cpu is what this process and another one have used.
func cpu(t *testing.T, pid int) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(t, err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	words := strings.Fields(rest)
	var user, system int64 // in ticks of 10 ms
	fmt.Sscan(words[11]+" "+words[12], &user, &system)
	return time.Duration(u.Utime.Nano()+u.Stime.Nano()) + time.Duration(user+system)*10*time.Millisecond
}
