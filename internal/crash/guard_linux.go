//go:build linux && (amd64 || arm64)

package crash

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// guard is a mapping that other processes can see. While the tracer is armed it is
// read-only in the traced process, so that every store into it stops the thread.
type guard struct {
	start, end uint64
	path       string
	offset     uint64 // of start in the file
}

func (g *guard) has(addr uint64) bool { return addr >= g.start && addr < g.end }

// Guard makes every store into files in dir an event, whether they are mapped now
// or later. Files called except are not guarded. No other thread of the process
// may store into them, nor the kernel at the death of one. The thread has come to an
// Await before.
func (t *Tracer) Guard(dir, except string) error {
	if err := t.Watch(dir, except); err != nil {
		return err
	}
	t.armed = true
	for _, g := range t.guards {
		if err := t.protect(g, unix.PROT_READ); err != nil {
			return err
		}
	}
	return nil
}

// Watch makes system calls about files in dir events, and no stores.
func (t *Tracer) Watch(dir, except string) error {
	t.guards, t.dir, t.except = nil, dir, except
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", t.pid))
	if err != nil {
		return fmt.Errorf("crash: mappings: %w", err)
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var g guard
		var perms, device string
		var inode uint64
		line := lines.Text()
		if _, err := fmt.Sscanf(line, "%x-%x %s %x %s %d", &g.start, &g.end, &perms, &g.offset, &device, &inode); err != nil {
			return fmt.Errorf("crash: mappings: %q: %w", line, err)
		}
		if i := strings.IndexByte(line, '/'); i >= 0 {
			g.path = strings.TrimSuffix(line[i:], " (deleted)")
		}
		if strings.HasPrefix(perms, "rw-s") && t.guarded(g.path) {
			t.guards = append(t.guards, g)
		}
	}
	return nil
}

func (t *Tracer) guarded(path string) bool {
	return t.dir != "" && filepath.Dir(path) == t.dir && filepath.Base(path) != t.except
}

func (t *Tracer) protect(g guard, prot uint64) error {
	return t.call(unix.SYS_MPROTECT, g.start, g.end-g.start, prot)
}

// unguard makes the mappings what they were. What the process has unmapped by now
// needs nothing.
func (t *Tracer) unguard() error {
	if !t.armed {
		return nil
	}
	if t.asleep {
		return fmt.Errorf("crash: process %d sleeps behind guards", t.pid)
	}
	for _, g := range t.guards {
		if err := t.protect(g, unix.PROT_READ|unix.PROT_WRITE); err != nil {
			return err
		}
	}
	t.armed = false
	return nil
}

// shared tells whether addr is in a mapping that others can see.
func (t *Tracer) shared(addr uint64) bool {
	return slices.ContainsFunc(t.guards, func(g guard) bool { return g.has(addr) })
}

// mapped guards what a system call that is done has mapped, and forgets what it
// has unmapped.
func (t *Tracer) mapped(r *unix.PtraceRegs) error {
	if callResult(r) < 0 {
		return nil
	}
	switch callNumber(r) {
	case unix.SYS_MUNMAP:
		t.guards = slices.DeleteFunc(t.guards, func(g guard) bool { return !t.has(g) })
	case unix.SYS_MMAP:
		if callArgument(r, 3)&unix.MAP_SHARED == 0 || callArgument(r, 2)&unix.PROT_WRITE == 0 {
			return nil
		}
		path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", t.pid, int32(callArgument(r, 4))))
		if err != nil {
			return fmt.Errorf("crash: mapped file: %w", err)
		}
		start := uint64(callResult(r))
		g := guard{start, start + callArgument(r, 1), strings.TrimSuffix(path, " (deleted)"), callArgument(r, 5)}
		if !t.guarded(g.path) {
			return nil
		}
		t.guards = append(t.guards, g)
		if t.armed {
			return t.protect(g, unix.PROT_READ)
		}
	}
	return nil
}

// has tells whether the process still has the mapping.
func (t *Tracer) has(g guard) bool {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", t.pid))
	return err != nil || bytes.Contains(maps, fmt.Appendf(nil, "%x-", g.start))
}

// store executes an instruction that was stopped by a guard. It gives nil if there
// is no guard there, so that the signal is the thread's own. An instruction that
// stores what is there already counts: that is chance, and a point must have the
// same number whatever the dead have left in free memory.
func (t *Tracer) store() (*Event, error) {
	addr, err := t.faultAddress()
	if err != nil {
		return nil, err
	}
	for _, g := range t.guards {
		if !g.has(addr) {
			continue
		}
		t.deliver = 0
		var r unix.PtraceRegs
		if err := t.registers(&r); err != nil {
			return nil, err
		}
		err = t.protect(g, unix.PROT_READ|unix.PROT_WRITE)
		if err == nil {
			_, err = t.step()
		}
		if err == nil {
			err = t.protect(g, unix.PROT_READ)
		}
		if err != nil {
			return nil, err
		}
		file := &mapping{t.memory, int64(g.start - g.offset)}
		return &Event{
			Callers: t.callers(&r, maxCallers),
			Store:   true,
			Place:   place(file, addr-g.start+g.offset),
		}, nil
	}
	return nil, nil
}

// mapping is a file as a process has it mapped.
type mapping struct {
	memory *os.File
	base   int64
}

// ReadAt implements io.ReaderAt.
func (m *mapping) ReadAt(b []byte, off int64) (int, error) { return m.memory.ReadAt(b, m.base+off) }
