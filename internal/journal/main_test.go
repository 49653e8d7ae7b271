package journal

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"shmkit/internal/shmtest"
)

func TestMain(m *testing.M) { shmtest.Main(m) }

// state is the single writer's: how many records were applied. Record n is payload(n), so it
// can be checked, and a snapshot is the number with some bytes to it.
type state struct {
	n uint64
}

// payload has any length, now and then of many pages, so that a kill finds it half written.
func payload(n uint64) []byte {
	size := 1 + n*n%300
	if n%13 == 0 {
		size = 200<<10 + n%8
	}
	b := bytes.Repeat([]byte{byte(n), byte(n >> 8), 0xa5}, int(size)/3+1)[:size]
	return b
}

func (s *state) apply(index uint64, b []byte) error {
	if index != s.n+1 || !bytes.Equal(b, payload(index)) {
		return &badRecord{index, s.n + 1}
	}
	s.n++
	return nil
}

type badRecord struct{ have, want uint64 }

func (e *badRecord) Error() string { return "record is not what was written" }

func (s *state) load(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	n := binary.LittleEndian.Uint64(b)
	if !bytes.Equal(b, snapshot(n)) {
		return &badRecord{n, 0}
	}
	s.n = n
	return nil
}

func snapshot(n uint64) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, n), bytes.Repeat([]byte{byte(n)}, int(n%9001))...)
}

// saved writes the snapshot at n, in two parts.
func saved(n uint64) func(io.Writer) error {
	return func(w io.Writer) error {
		b := snapshot(n)
		if _, err := w.Write(b[:5]); err != nil {
			return err
		}
		_, err := w.Write(b[5:])
		return err
	}
}

func logPath(t testing.TB) string { return filepath.Join(t.TempDir(), "log") }

// open opens and replays a log, and closes it when the test ends.
func open(t testing.TB, path string, opts ...Option) (*Log, *state) {
	t.Helper()
	l, err := Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &state{}
	if err := l.Replay(s.load, s.apply); err != nil {
		t.Fatal(err)
	}
	return l, s
}

// add appends the records up to n, as one batch, and flushes them.
func add(t testing.TB, l *Log, s *state, n uint64) {
	t.Helper()
	for s.n < n {
		index, err := l.Append(payload(s.n + 1))
		if err != nil || index != s.n+1 {
			t.Fatalf("Append: %d, %v; want %d", index, err, s.n+1)
		}
		s.n++
	}
	if err := l.Flush(n); err != nil {
		t.Fatal(err)
	}
}

func closeLog(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// holds checks that the log at path has the records up to n.
func holds(t testing.TB, path string, n uint64) {
	t.Helper()
	l, s := open(t, path)
	defer closeLog(t, l)
	if s.n != n {
		t.Fatalf("%d records are there, want %d", s.n, n)
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
