package sys

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

var bootID = sync.OnceValues(func() (id [16]byte, err error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return id, err
	}
	b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", ""))
	if err != nil || copy(id[:], b) != len(id) {
		return id, fmt.Errorf("sys: boot id %q", text)
	}
	return id, nil
})

// BootID is random, and new each time the machine starts.
func BootID() ([16]byte, error) { return bootID() }

var pidNamespace = sync.OnceValue(func() uint64 {
	var st unix.Stat_t
	if unix.Stat("/proc/self/ns/pid", &st) != nil {
		return 0
	}
	return st.Ino
})

// PIDNamespace identifies the PID namespace of this process, 0 if unknown.
func PIDNamespace() uint64 { return pidNamespace() }

// CommandName is the name of the running program, for people, cut to leave a zero
// at its end.
func CommandName() (name [32]byte) {
	copy(name[:len(name)-1], filepath.Base(os.Args[0]))
	return name
}

// Monotonic is the time in nanoseconds on a clock that all processes share, that
// never steps, and that starts anew with the machine.
func Monotonic() int64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0
	}
	return ts.Nano()
}
