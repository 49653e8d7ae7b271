package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shmkit/internal/shmtest"
)

func init() {
	shmtest.Register("full", func(c *shmtest.Child) {
		dir, kind := c.Args[0], c.Args[1]
		want := syscall.EFBIG
		switch kind {
		case "limit":
			signal.Ignore(syscall.SIGXFSZ)
			c.Must(unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 100_000, Max: 100_000}))
		case "disk":
			if err := unix.Mount("shmkit-test", dir, "tmpfs", 0, "size=128k"); err != nil {
				c.Say("skipped: no file system of one's own:", err)
				return
			}
			want = syscall.ENOSPC
		}
		c.Must(fill(filepath.Join(dir, "log"), want))
		c.Say("done")
	})
}

// fill writes until the file may not grow, and checks what is there then.
func fill(path string, want error) error {
	l, err := Open(path)
	if err != nil {
		return err
	}
	s := &state{}
	if err := l.Replay(s.load, s.apply); err != nil {
		return err
	}
	w, acked := &writer{log: l, state: s}, uint64(0)
	for {
		index, err := w.step()
		if err == nil {
			acked = index
			continue
		}
		var e *Error
		if !errors.Is(err, want) || !errors.As(err, &e) || e.Path != path {
			return fmt.Errorf("record %d: %w, want %w with the path", acked+1, err, want)
		}
		break
	}
	// Half a record was written, and taken away again.
	if info, err := os.Stat(path); err != nil || info.Size() != l.end || acked < 3 {
		return fmt.Errorf("%d bytes are left, want %d, of %d records: %w", info.Size(), l.end, acked, err)
	}
	// A short one would fit, and must not be acknowledged behind one that was lost.
	_, errAppend := l.Append([]byte{1})
	for _, err := range []error{errAppend, l.Flush(acked + 1), l.Compact(acked, saved(acked))} {
		if !errors.Is(err, want) {
			return fmt.Errorf("after the failure: %w, want %w", err, want)
		}
	}
	if err := l.Flush(acked); err != nil {
		return err
	}
	if err := l.Close(); !errors.Is(err, want) {
		return fmt.Errorf("Close: %w, want %w", err, want)
	}
	return refill(path, acked, want)
}

// refill opens the log again, and fails to compact it.
func refill(path string, acked uint64, want error) error {
	l, err := Open(path)
	if err != nil {
		return err
	}
	defer l.Close()
	s := &state{}
	if err := l.Replay(s.load, s.apply); err != nil {
		return err
	}
	if s.n != acked {
		return fmt.Errorf("%d records are there, %d were acknowledged: %w", s.n, acked, want)
	}
	large := func(w io.Writer) error { _, err := w.Write(make([]byte, 200_000)); return err }
	if err := l.Compact(acked, large); !errors.Is(err, want) {
		return fmt.Errorf("Compact: %w, want %w", err, want)
	}
	if _, err := os.Stat(path + suffix); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the new file is left: %w", err)
	}
	return l.Compact(acked, saved(1)) // makes room; a failed one left the log as it was
}

// A disk that is full, and a limit on the length of files.
func TestNoRoom(t *testing.T) {
	shmtest.Need("full")
	for _, kind := range []string{"limit", "disk"} {
		t.Run(kind, func(t *testing.T) {
			attr := &syscall.SysProcAttr{}
			if kind == "disk" && os.Getuid() == 0 {
				attr.Unshareflags = syscall.CLONE_NEWNS // the mount goes with the process
				probe := exec.Command("true")
				probe.SysProcAttr = attr
				if err := probe.Run(); err != nil {
					t.Skip("skipped: no mounts of one's own:", err)
				}
			}
			p := shmtest.StartWith(t, func(cmd *exec.Cmd) {
				cmd.SysProcAttr = attr
			}, "full", t.TempDir(), kind)
			switch line := p.Line(); {
			case kind == "disk" && line != "done":
				t.Skip(line)
			case line != "done":
				t.Error(line)
			}
			p.Wait()
		})
	}
}
