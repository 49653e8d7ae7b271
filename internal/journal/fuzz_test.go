package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"testing"
)

// Any bytes give records or an error, and what was replayed once is replayed again. What the file
// says of lengths costs no memory.
func FuzzReplay(f *testing.F) {
	h := newHeader([8]byte{1, 2, 3})
	empty := h.encode()
	records := empty
	for i := range uint64(3) {
		records = appendRecord(records, h.salt, i+1, uint32(i%2)*joined, payload(i+1))
	}
	snap := header{compacted: 1, index: 7, length: 8, salt: 5, snapshot: 0}
	for _, b := range [][]byte{nil, empty, records, records[:len(records)-3], append(snap.encode(), records[headerSize:]...)} {
		f.Add(b, false)
		f.Add(b, true)
	}
	path := logPath(f)
	f.Fuzz(func(t *testing.T, b []byte, repair bool) {
		if repair && len(b) >= headerSize { // or nearly all is over at the header
			b = bytes.Clone(b)
			copy(b, h.encode()[:16])
			binary.LittleEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
		}
		writeFile(t, path, b)
		first, err := replayAny(path)
		if err != nil {
			if !bytes.Equal(readFile(t, path), b) {
				t.Fatal("the file was changed:", err)
			}
			return
		}
		if second, err := replayAny(path); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("replayed %d bytes, and then %d, %v", len(first), len(second), err)
		}
	})
}

// replayAny is all that a log gives, one after another.
func replayAny(path string) (all []byte, err error) {
	l, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	next := l.head.index + 1
	err = l.Replay(func(r io.Reader) error {
		b, err := io.ReadAll(r)
		all = append(all, b...)
		return err
	}, func(index uint64, b []byte) error {
		if index != next || len(b) == 0 {
			return &badRecord{index, next}
		}
		next++
		all = append(all, b...)
		return nil
	})
	var wrong *badRecord
	if errors.As(err, &wrong) {
		panic(err)
	}
	return all, err
}

// A record that says it is long takes no more memory than there is of it.
func TestLengthCostsNothing(t *testing.T) {
	path := logPath(t)
	h := newHeader([8]byte{})
	file := appendRecord(h.encode(), h.salt, 1, 0, []byte("one"))
	lies := appendRecord(nil, h.salt, 2, 0, []byte("two"))
	lies[3] = 0x0f // about 250 MiB
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	writeFile(t, path, append(file, lies...))
	b, err := replayAny(path)
	runtime.ReadMemStats(&after)
	if string(b) != "one" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
}
