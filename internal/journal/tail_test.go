package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
)

// madeOf is a log with a snapshot of record 2 and then records in the given batches, and where
// each of the records ends.
func madeOf(t *testing.T, path string, batches []uint64, opts ...Option) (file []byte, ends []int64) {
	t.Helper()
	l, s := open(t, path, opts...)
	add(t, l, s, 2)
	if err := l.Compact(2, saved(2)); err != nil {
		t.Fatal(err)
	}
	for _, last := range batches {
		add(t, l, s, last)
	}
	h := l.head
	closeLog(t, l)
	file = readFile(t, path)
	sc := newScan(bytes.NewReader(file), path, &h, int64(len(file)))
	ends = []int64{sc.at}
	for range s.n - 2 {
		if _, err := sc.record(); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, sc.at)
	}
	return file, ends
}

// Whatever a kill or a full disk leaves of the end of the file, the whole records are there and
// nothing else, and the log goes on behind them.
func TestCutAtEveryByte(t *testing.T) {
	path := logPath(t)
	file, ends := madeOf(t, path, []uint64{3, 6})
	for size := int(ends[0]); size <= len(file); size++ {
		want := uint64(2)
		for want-2 < uint64(len(ends)-1) && ends[want-1] <= int64(size) {
			want++
		}
		for name, rest := range map[string][]byte{"nothing": nil, "zeros": make([]byte, 50), "noise": bytes.Repeat([]byte{0xee}, 50)} {
			writeFile(t, path, append(bytes.Clone(file[:size]), rest...))
			l, s := open(t, path)
			// Zeros may be those that were missing.
			if s.n != want && !(name == "zeros" && s.n == want+1) {
				t.Fatalf("cut at %d, then %s: %d records, want %d", size, name, s.n, want)
			}
			if have := readFile(t, path); int64(len(have)) != ends[s.n-2] {
				t.Fatalf("cut at %d, then %s: the file has %d bytes, want %d", size, name, len(have), ends[s.n-2])
			}
			n := s.n + 1
			add(t, l, s, n)
			closeLog(t, l)
			holds(t, path, n)
		}
	}
}

// A snapshot is never cut off, as the file gets its name when it is whole.
func TestCutSnapshot(t *testing.T) {
	path := logPath(t)
	file, ends := madeOf(t, path, nil)
	for size := 12; size < int(ends[0]); size++ {
		writeFile(t, path, file[:size])
		l, err := Open(path)
		if err == nil {
			err = l.Replay((&state{}).load, (&state{}).apply)
			l.Close()
		}
		if size > 16 && err == nil || size > headerSize && !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut at %d of %d: %v", size, ends[0], err)
		}
	}
}

// Each byte is damaged in turn. Without Sync nothing is taken away that has a whole record behind
// it; with Sync, nothing that a later write has put a record behind. The file stays as it is.
func TestDamageAtEveryByte(t *testing.T) {
	for _, tt := range []struct {
		name  string
		opts  []Option
		loose int // records at the end that may be taken away together
	}{
		{"memory", nil, 1},
		{"disk", []Option{Sync()}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := logPath(t)
			file, ends := madeOf(t, path, []uint64{3, 5, 8}, tt.opts...)
			loose := ends[len(ends)-1-tt.loose]
			for at := range file {
				for _, flip := range []byte{0x01, 0x80, 0xff} {
					bad := bytes.Clone(file)
					bad[at] ^= flip
					writeFile(t, path, bad)
					damaged(t, path, bad, int64(at), loose, ends)
				}
			}
		})
	}
}

func damaged(t *testing.T, path string, bad []byte, at, loose int64, ends []int64) {
	t.Helper()
	s := &state{}
	l, err := Open(path)
	if err == nil {
		err = l.Replay(s.load, s.apply)
		l.Close()
	}
	var c *CorruptError
	switch {
	case err == nil && at < loose:
		t.Fatalf("byte %d is damaged, and %d records were replayed", at, s.n)
	case err == nil && (s.n >= uint64(len(ends))+1 || ends[s.n-2] > at):
		t.Fatalf("byte %d is damaged, and record %d replayed", at, s.n)
	case err == nil:
		return
	case at < 12 && (errors.Is(err, ErrMagic) || errors.Is(err, ErrVersion)):
	case !errors.As(err, &c) || !errors.Is(err, ErrCorrupt) || c.Path != path || c.Offset > at:
		t.Fatalf("byte %d is damaged: %v", at, err)
	}
	if !bytes.Equal(readFile(t, path), bad) {
		t.Fatalf("byte %d is damaged, and the file was changed", at)
	}
}

// What a client puts into a record is not taken for a record behind a bad one.
func TestRecordInARecord(t *testing.T) {
	path := logPath(t)
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Replay(nil, nil); err != nil {
		t.Fatal(err)
	}
	var inner []byte
	for i := uint64(2); i < 6; i++ {
		inner = appendRecord(inner, 0, i, 0, []byte("of another log"))
	}
	for i := range uint64(5000) { // looks like heads, all of them of long records
		inner = binary.LittleEndian.AppendUint64(inner, 40000)
		inner = binary.LittleEndian.AppendUint64(inner, i)
	}
	for range 2 {
		if _, err := l.Append(inner); err != nil {
			t.Fatal(err)
		}
	}
	closeLog(t, l)
	file := readFile(t, path)
	for cut := 1; cut < 1000; cut += 7 {
		writeFile(t, path, file[:len(file)-cut])
		n := 0
		l, err := Open(path)
		if err == nil {
			err = l.Replay(nil, func(uint64, []byte) error { n++; return nil })
			l.Close()
		}
		if err != nil || n != 1 {
			t.Fatalf("%d bytes are missing: %d records, %v", cut, n, err)
		}
	}
}

// A record that is whole and not the next one is damage, at the end too.
func TestRecordOutOfPlace(t *testing.T) {
	path := logPath(t)
	for _, index := range []uint64{0, 1, 2, 4, 1 << 40} {
		l, s := open(t, path)
		add(t, l, s, 2)
		salt := l.head.salt
		closeLog(t, l)
		file := readFile(t, path)
		writeFile(t, path, appendRecord(bytes.Clone(file), salt, index, 0, payload(3)))
		l, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		err = l.Replay(s.load, func(uint64, []byte) error { return nil })
		l.Close()
		var c *CorruptError
		if !errors.As(err, &c) || c.Offset != int64(len(file)) {
			t.Errorf("record %d where 3 belongs: %v", index, err)
		}
		writeFile(t, path, file)
	}
}

// An error of the program is given back, and the log is good for nothing then.
func TestReplayFails(t *testing.T) {
	path := logPath(t)
	file, _ := madeOf(t, path, []uint64{5})
	writeFile(t, path, file[:len(file)-1])
	own := errors.New("journal: of the test")
	for i, f := range []func(l *Log) error{
		func(l *Log) error { return l.Replay(func(io.Reader) error { return own }, (&state{}).apply) },
		func(l *Log) error {
			return l.Replay((&state{}).load, func(index uint64, b []byte) error { return own })
		},
	} {
		l, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f(l); !errors.Is(err, own) {
			t.Errorf("%d: %v", i, err)
		}
		panics(t, "Append after Replay failed", func() { l.Append(payload(1)) })
		closeLog(t, l)
	}
	if !bytes.Equal(readFile(t, path), file[:len(file)-1]) {
		t.Error("the file was changed")
	}
}
