package pipe_test

import (
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
	"shmkit/ring"
	"shmkit/shm"
)

// conformance: INV-01
func TestNoHandle(t *testing.T) {
	a, b := newEnds(t, true, pipe.Room)
	good, err := a.MarshalText()
	must(t, err)
	binaryForm, err := b.MarshalBinary()
	must(t, err)
	for n := range 40 { // what is behind is a path, which it does not need here
		is(t, "half a handle", new(pipe.Conn).UnmarshalText(good[:n]), shm.ErrHandle)
	}
	for n := range 20 {
		is(t, "half a handle", new(pipe.Conn).UnmarshalBinary(binaryForm[:n]), shm.ErrHandle)
	}
	for _, text := range []string{"end2:", "end:", "shmkit1:", "end0" + string(good)} {
		is(t, text, new(pipe.Conn).UnmarshalText([]byte(text)), shm.ErrHandle)
	}
	r, err := ring.NewRecordsIn(segment(t), "", 64)
	must(t, err)
	defer r.Detach()
	other, err := r.MarshalText()
	must(t, err)
	is(t, "something else", new(pipe.Conn).UnmarshalText(append([]byte("end0:"), other...)), shm.ErrType)
	none := new(pipe.Conn)
	is(t, "sending from no end", none.Send(1), pipe.ErrClosed)
	_, err = none.RecvBytes()
	is(t, "receiving from no end", err, pipe.ErrClosed)
	is(t, "closing no end", none.Close(), pipe.ErrClosed)
	_, err = none.MarshalText()
	is(t, "encoding no end", err, pipe.ErrClosed)
	_, err = pipe.Open(segment(t), "name", 2)
	is(t, "end 2", err, pipe.ErrEnd)
	_, err = pipe.Open(segment(t), "name", 1)
	is(t, "end of nothing", err, shm.ErrNotFound)
}

// wild is an end whose other end is a writer of ours, which may write anything.
func wild(t testing.TB) (*pipe.Conn, *ring.Writer) {
	t.Helper()
	seg := segment(t)
	pair, err := ring.NewPairIn(seg, "wild", 1<<10, 1)
	must(t, err)
	t.Cleanup(func() { pair.Detach() })
	w, err := pair.Writer(0)
	must(t, err)
	t.Cleanup(func() { w.Detach() })
	c, err := pipe.Open(seg, "wild", 0)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c, w
}

const first = 1 << 63

func record(word uint64, length int) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, word), make([]byte, length)...)
}

// A peer that sends nonsense: an error, and then what follows.
func TestNonsense(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for name, records := range map[string][][]byte{
		"too short for a word":    {make([]byte, 7)},
		"longer than it says":     {record(first|3, 4)},
		"longer than all memory":  {record(first|(1<<63-1), 4), record(5, 3)},
		"goes on with another":    {record(first|8, 4), record(5, 4)},
		"goes on with too much":   {record(first|8, 4), record(4, 5)},
		"no word in the middle":   {record(first|8, 4), {}},
		"ends before it is whole": {record(first|8, 4), record(3, 3)},
	} {
		c, w := wild(t)
		for _, r := range records {
			must(t, w.Put(r))
		}
		_, err := c.RecvBytes()
		var bad *shm.CorruptError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
		must(t, w.Put(record(first|2, 2)))
		if b, err := c.RecvBytes(); len(b) != 2 || err != nil {
			t.Errorf("%s: then %d bytes, %v", name, len(b), err)
		}
	}
}

// Whatever the records are: messages, errors, and the end; no crash, no loop.
func FuzzRecords(f *testing.F) {
	f.Add([]byte{16, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0x80})
	f.Add(append([]byte{12}, record(first|8, 4)...))
	f.Fuzz(func(t *testing.T, script []byte) {
		c, w := wild(t)
		for len(script) > 0 {
			n := min(int(script[0]), len(script)-1)
			if w.TryPut(script[1:1+n]) != nil {
				break
			}
			script = script[1+n:]
		}
		must(t, w.Close())
		for range 2000 {
			if _, err := c.RecvBytes(); err == io.EOF {
				return
			}
		}
		t.Error("there is no end")
	})
}
