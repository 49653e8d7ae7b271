package shmtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
)

// Marks in a trace: a system call that fails, with a name that nobody else asks for.
const (
	beginMark = "/shmtest/begin/"
	endMark   = "/shmtest/end/"
)

// Traced runs f on a thread of its own, between two marks that [Calls] finds. The garbage
// collector rests meanwhile, and what the scheduler does it does mostly on other threads.
func (c *Child) Traced(what string, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	syscall.Access(beginMark+what, 0)
	f()
	syscall.Access(endMark+what, 0)
}

// Calls runs a helper under strace. For each stretch that the helper gave to Traced, it
// tells the system calls that its thread made. Where strace is not there, or may not trace,
// the test is skipped.
func Calls(t testing.TB, name string, args ...string) map[string][]string {
	t.Helper()
	Need(name)
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace on this machine")
	}
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, append([]string{"-f", "-o", trace, self()}, args...)...)
	// A thread is not interrupted because it has run for long.
	cmd.Env = append(os.Environ(), roleEnv+"="+name, "GODEBUG=asyncpreemptoff=1")
	if out, err := cmd.CombinedOutput(); bytes.Contains(out, []byte("not permitted")) || bytes.Contains(out, []byte("Permission denied")) {
		t.Skipf("strace may not trace here: %s", out)
	} else if err != nil {
		t.Fatalf("strace of helper %s: %v\n%s", name, err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return stretches(string(text))
}

// OfRuntime tells whether a call that [Calls] found is one that the runtime of Go makes for
// itself: for memory, or between its own threads. Ours are between processes, and so never
// private.
func OfRuntime(call string) bool {
	for _, name := range []string{"mmap(", "munmap(", "madvise(", "sched_yield(", "nanosleep(", "rt_sig", "tgkill("} {
		if strings.HasPrefix(call, name) {
			return true
		}
	}
	return strings.HasPrefix(call, "futex(") && strings.Contains(call, "_PRIVATE")
}

// stretches finds in a trace what was called between two marks, on the thread that made
// them.
func stretches(trace string) map[string][]string {
	found, thread, what := map[string][]string{}, "", ""
	for line := range strings.Lines(trace) {
		tid, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		switch _, mark, begins := strings.Cut(call, `"`+beginMark); {
		case begins:
			thread, what = tid, mark[:strings.IndexByte(mark, '"')]
			found[what] = []string{}
		case tid != thread:
		case strings.Contains(call, `"`+endMark):
			thread = ""
		case strings.HasPrefix(call, "<..."), strings.HasPrefix(call, "---"):
			// the rest of a call that was told before, or a signal
		default:
			found[what] = append(found[what], call)
		}
	}
	return found
}
