package shmtest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// census is what this process has: its open descriptors, counted by what they
// refer to, and its children. It is empty where there is no /proc.
type census struct {
	descriptors map[string]int
	children    map[string]int
}

func takeCensus() census {
	return census{openDescriptors(), childProcesses()}
}

// leaks names what this process has now and did not have then. Descriptors that
// the garbage collector closes may need some rounds of it.
func (before census) leaks() []string {
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		runtime.GC()
		now := takeCensus()
		bad := append(more("descriptors of", before.descriptors, now.descriptors),
			more("child processes", before.children, now.children)...)
		if len(bad) == 0 || time.Now().After(end) {
			return bad
		}
	}
}

func more(what string, before, now map[string]int) (bad []string) {
	for target, n := range now {
		if n > before[target] {
			bad = append(bad, fmt.Sprintf("%d %s %s are left", n-before[target], what, target))
		}
	}
	slices.Sort(bad)
	return bad
}

func openDescriptors() map[string]int {
	count := map[string]int{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !strings.HasPrefix(target, "/proc/") {
			count[target]++
		}
	}
	return count
}

// childProcesses counts children by name and id, those that ended and were not
// waited for too.
func childProcesses() map[string]int {
	count := map[string]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// The name stands in parentheses and may hold any character.
		i := strings.LastIndexByte(string(text), ')')
		fields := strings.Fields(string(text[i+1:]))
		if i > 0 && len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			count[string(text[:i+1])+" "+fields[0]]++
		}
	}
	return count
}

// wakePoller makes the runtime open the descriptors that it keeps for ever.
func wakePoller() {
	r, w, err := os.Pipe()
	if err != nil {
		return
	}
	r.SetDeadline(time.Now().Add(time.Hour))
	r.Close()
	w.Close()
}
