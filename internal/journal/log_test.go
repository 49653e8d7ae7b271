package journal

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
)

func TestRecordsAreReplayed(t *testing.T) {
	path := logPath(t)
	l, s := open(t, path)
	add(t, l, s, 1)
	add(t, l, s, 40)
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 || info.Size() != headerSize+l.Size() {
		t.Errorf("%v, %v; Size is %d", info, err, l.Size())
	}
	closeLog(t, l)
	holds(t, path, 40)
	l, s = open(t, path)
	add(t, l, s, 41)
	index, err := l.Append(payload(42))
	if err != nil || index != 42 {
		t.Fatal(index, err)
	}
	closeLog(t, l) // flushes
	holds(t, path, 42)
}

func TestEmptyLog(t *testing.T) {
	path := logPath(t)
	for range 2 {
		l, s := open(t, path)
		if s.n != 0 || l.Size() != 0 || l.Flush(0) != nil {
			t.Error("a new log is not empty")
		}
		closeLog(t, l)
	}
}

func init() {
	shmtest.Register("hold", func(c *shmtest.Child) {
		l, err := Open(c.Args[0])
		c.Must(err)
		c.Must(l.Replay(nil, func(uint64, []byte) error { return nil }))
		c.Say("held")
		c.Park()
	})
}

func TestOneLogAtATime(t *testing.T) {
	path := logPath(t)
	p := shmtest.Start(t, "hold", path)
	p.Expect("held")
	if _, err := Open(path); !errors.Is(err, ErrInUse) {
		t.Fatalf("Open of a log that another process has: %v", err)
	}
	p.Kill()
	l, s := open(t, path) // at once
	add(t, l, s, 3)
	for range 3 {
		if _, err := Open(path); !errors.Is(err, ErrInUse) {
			t.Fatalf("Open of a log that is open: %v", err)
		}
		// Another file has the name then, and the lock is on it.
		if err := l.Compact(s.n, saved(s.n)); err != nil {
			t.Fatal(err)
		}
	}
	closeLog(t, l)
	holds(t, path, 3)
}

// Many open the log all the time while it is compacted all the time: nobody may get it, as the
// file that is locked always has the name.
func TestNobodyOpensDuringCompact(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	path := logPath(t)
	l, s := open(t, path)
	add(t, l, s, 5)
	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 3 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := Open(path); !errors.Is(err, ErrInUse) {
					t.Errorf("Open: %v", err)
					return
				}
			}
		})
	}
	for range 30 {
		if err := l.Compact(s.n, saved(s.n)); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	others.Wait()
	closeLog(t, l)
	holds(t, path, 5)
}

func TestManyFlushAtOnce(t *testing.T) {
	for name, opts := range map[string][]Option{"memory": nil, "disk": {Sync()}} {
		t.Run(name, func(t *testing.T) {
			shmtest.Watchdog(t, 2*time.Minute)
			const writers, each = 16, 40
			path := logPath(t)
			l, s := open(t, path, opts...)
			var mu sync.Mutex
			var all sync.WaitGroup
			for range writers {
				all.Go(func() {
					for range each {
						mu.Lock()
						index, err := l.Append(payload(s.n + 1))
						s.n++
						mu.Unlock()
						if err == nil {
							err = l.Flush(index)
						}
						if err != nil {
							t.Error(err)
							return
						}
						if onDisk(l) < index {
							t.Errorf("Flush(%d) returned too early", index)
						}
					}
				})
			}
			all.Wait()
			closeLog(t, l)
			holds(t, path, writers*each)
		})
	}
}

func onDisk(l *Log) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flushed
}

func TestImpossibleRecords(t *testing.T) {
	l, s := open(t, logPath(t), MaxRecord(100))
	for _, n := range []int{0, 101} {
		if _, err := l.Append(make([]byte, n)); !errors.Is(err, ErrSize) {
			t.Errorf("Append of %d bytes: %v", n, err)
		}
	}
	if index, err := l.Append(payload(1)); index != 1 || err != nil {
		t.Error(index, err)
	}
	s.n++
	add(t, l, s, 2)
}

func TestLongRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short, half a gigabyte")
	}
	path := logPath(t)
	l, _ := open(t, path)
	long := bytes.Repeat([]byte("shmkit!"), MaxLength/7+1)[:MaxLength]
	index, err := l.Append(long)
	if err == nil {
		err = l.Flush(index)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(long[:MaxLength:MaxLength]); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	l, err = Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n := 0
	if err := l.Replay(nil, func(_ uint64, b []byte) error {
		if !bytes.Equal(b, long) {
			t.Error("another record")
		}
		n++
		return nil
	}); err != nil || n != 2 {
		t.Error(n, err)
	}
}

func TestClosedLog(t *testing.T) {
	l, s := open(t, logPath(t))
	add(t, l, s, 1)
	closeLog(t, l)
	closeLog(t, l)
	_, errAppend := l.Append(payload(2))
	for _, err := range []error{errAppend, l.Compact(1, saved(1)), l.Replay(s.load, s.apply)} {
		if !errors.Is(err, ErrClosed) || !errors.Is(err, fs.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	if err := l.Flush(1); err != nil {
		t.Errorf("Flush of what is in the file: %v", err)
	}
}

func TestMisusePanics(t *testing.T) {
	l, err := Open(logPath(t))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	none := func(io.Writer) error { return nil }
	panics(t, "Append before Replay", func() { l.Append(payload(1)) })
	panics(t, "Compact before Replay", func() { l.Compact(0, none) })
	s := &state{}
	if err := l.Replay(s.load, s.apply); err != nil {
		t.Fatal(err)
	}
	panics(t, "Replay again", func() { l.Replay(s.load, s.apply) })
	panics(t, "Flush of nothing", func() { l.Flush(1) })
	panics(t, "Compact of nothing", func() { l.Compact(1, none) })
	add(t, l, s, 3) // no lock was left taken
}

func panics(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	f()
}

func TestWhatIsNoLog(t *testing.T) {
	path := logPath(t)
	for text, want := range map[string]error{"SHMKLOX": ErrMagic, "SHMKLOG\n\x02\x00\x00\x00": ErrMagic} {
		writeFile(t, path, []byte(text))
		if _, err := Open(path); !errors.Is(err, want) {
			t.Errorf("Open of %q: %v", text, err)
		}
	}
	h := (&header{}).encode()
	h[8] = 2
	writeFile(t, path, h)
	if _, err := Open(path); !errors.Is(err, ErrVersion) {
		t.Errorf("Open of version 2: %v", err)
	}
	os.Remove(path)
	if err := os.Symlink("elsewhere", path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("Open followed a link")
	}
	var e *Error
	if _, err := Open(path + "/x/y"); !errors.As(err, &e) || e.Path != path+"/x/y" {
		t.Errorf("Open where no directory is: %v", err)
	}
}
