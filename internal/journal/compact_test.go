package journal

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
)

func TestCompact(t *testing.T) {
	path := logPath(t)
	l, s := open(t, path)
	for _, at := range []uint64{0, 1, 1, 7, 20, 20} {
		add(t, l, s, max(at, s.n)+2)
		before := l.Size()
		if err := l.Compact(at, saved(at)); err != nil {
			t.Fatal(err)
		}
		if l.Size() > before {
			t.Errorf("Size was %d, and is %d after Compact(%d)", before, l.Size(), at)
		}
		closeLog(t, l)
		holds(t, path, s.n)
		l, s = open(t, path)
	}
	if err := l.Compact(s.n, saved(s.n)); err != nil || l.Size() != 0 {
		t.Error(err, l.Size())
	}
	if err := l.Compact(3, saved(3)); err != nil {
		t.Error(err) // an older snapshot is not wanted
	}
	n := s.n
	closeLog(t, l)
	holds(t, path, n)
}

// What was appended and not flushed is in the snapshot, and then it is in the file.
func TestCompactFlushes(t *testing.T) {
	path := logPath(t)
	l, s := open(t, path)
	for range 5 {
		s.n++
		if _, err := l.Append(payload(s.n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Compact(3, saved(3)); err != nil {
		t.Fatal(err)
	}
	if onDisk(l) != 5 {
		t.Errorf("record %d is the last in the file, want 5", onDisk(l))
	}
	closeLog(t, l)
	holds(t, path, 5)
}

func TestCompactFails(t *testing.T) {
	path := logPath(t)
	l, s := open(t, path)
	add(t, l, s, 9)
	own := errors.New("journal: of the test")
	if err := l.Compact(9, func(w io.Writer) error { w.Write([]byte("half")); return own }); !errors.Is(err, own) {
		t.Errorf("Compact: %v", err)
	}
	panics(t, "Compact with a function that does", func() { l.Compact(9, func(io.Writer) error { panic("own") }) })
	if _, err := os.Stat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the new file is left: %v", err)
	}
	add(t, l, s, 11)
	if err := l.Compact(10, saved(10)); err != nil {
		t.Error(err)
	}
	closeLog(t, l)
	holds(t, path, 11)
}

// Who takes the file away must not have another one put into its place.
func TestCompactOfWhatIsGone(t *testing.T) {
	path := logPath(t)
	l, s := open(t, path)
	add(t, l, s, 2)
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if err := l.Compact(2, saved(2)); !errors.Is(err, ErrMoved) {
		t.Errorf("no file is at the path: %v", err)
	}
	other, os := open(t, path)
	add(t, other, os, 1)
	if err := l.Compact(2, saved(2)); !errors.Is(err, ErrMoved) {
		t.Errorf("another file is at the path: %v", err)
	}
	add(t, l, s, 3)
	closeLog(t, l)
	closeLog(t, other)
	holds(t, path+".old", 3)
	holds(t, path, 1)
}

func TestCompactWhileOthersFlush(t *testing.T) {
	for name, opts := range map[string][]Option{"memory": nil, "disk": {Sync()}} {
		t.Run(name, func(t *testing.T) {
			shmtest.Watchdog(t, 2*time.Minute)
			path := logPath(t)
			w := newWriter(t, path, opts...)
			stop := make(chan struct{})
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						if _, err := w.step(); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			for range 20 {
				if err := w.compact(); err != nil {
					t.Error(err)
				}
			}
			close(stop)
			all.Wait()
			closeLog(t, w.log)
			holds(t, path, w.state.n)
		})
	}
}

// writer is a log with its state and the lock of the single writer.
type writer struct {
	log *Log

	mu    sync.Mutex // never held during Flush
	state *state
}

func newWriter(t testing.TB, path string, opts ...Option) *writer {
	t.Helper()
	l, s := open(t, path, opts...)
	return &writer{log: l, state: s}
}

// step appends the next record and flushes it.
func (w *writer) step() (uint64, error) {
	w.mu.Lock()
	index, err := w.log.Append(payload(w.state.n + 1))
	if err == nil {
		err = w.state.apply(index, payload(index))
	}
	w.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return index, w.log.Flush(index)
}

// compact puts the state as it is now into a snapshot, while others go on.
func (w *writer) compact() error {
	w.mu.Lock()
	at := w.state.n
	w.mu.Unlock()
	return w.log.Compact(at, saved(at))
}
