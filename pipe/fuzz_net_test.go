package pipe_test

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"path/filepath"
	"testing"

	"shmkit/pipe"
)

// fuzzLimit is the longest message of FuzzFrames.
const fuzzLimit = 100000

// decoded is what a byte stream holds by the description of the format, and how it ends.
func decoded(b []byte) (messages []string, end error) {
	for len(b) > 0 {
		if len(b) < 4 {
			return messages, io.ErrUnexpectedEOF
		}
		n, rest := uint64(binary.BigEndian.Uint32(b)), b[4:]
		switch {
		case n == math.MaxUint32 && len(rest) < 8:
			return messages, io.ErrUnexpectedEOF
		case n == math.MaxUint32:
			n, rest = binary.BigEndian.Uint64(rest), rest[8:]
		case n > math.MaxInt32:
			return messages, pipe.ErrFrame
		}
		if n > fuzzLimit {
			return messages, pipe.ErrTooLong
		}
		if n > uint64(len(rest)) {
			return messages, io.ErrUnexpectedEOF
		}
		messages = append(messages, string(rest[:n]))
		b = rest[n:]
	}
	return messages, io.EOF
}

// Whatever bytes come, in pieces of whatever size, they are read as the format says.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x05hello\x00\x00\x00\x00\x00\x00\x00\x01x"), uint16(3))
	f.Add([]byte("\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x02ok\xff\xff\xff\xfe"), uint16(1))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), uint16(100))
	f.Add([]byte("\x7f\xff\xff\xff"), uint16(2))
	f.Add(append(append([]byte("\x00\x00\x40\x00"), make([]byte, 0x4000)...), "\x00\x00\x3f\xf5"...), uint16(9999))
	f.Add(append(append([]byte("\x00\x00\x3f\xf8"), make([]byte, 0x3ff8)...), "\x00\x00\x00\x01x"...), uint16(60000))
	l := listen(f, "unix", filepath.Join(f.TempDir(), "s"), pipe.WithMaxMessage(fuzzLimit))
	f.Fuzz(func(t *testing.T, b []byte, piece uint16) {
		raw, err := net.Dial("unix", l.Address())
		must(t, err)
		defer raw.Close()
		c, err := l.Accept()
		must(t, err)
		defer c.Close()
		go func() {
			defer raw.Close()
			for rest := b; len(rest) > 0; {
				n := min(len(rest), int(piece)+1)
				if _, err := raw.Write(rest[:n]); err != nil {
					return
				}
				rest = rest[n:]
			}
		}()
		want, end := decoded(b)
		for i, m := range want {
			got, err := c.RecvBytes()
			if err != nil || string(got) != m {
				t.Fatalf("message %d: %q, %v, want %q", i, got, err, m)
			}
		}
		if got, err := c.RecvBytes(); !errors.Is(err, end) {
			t.Fatalf("after %d messages: %q, %v, want %v", len(want), got, err, end)
		}
	})
}

// Whoever does not have the key does not come in, whatever it says, neither as a client
// nor as a server, and is told so or cut off.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x28{sha256}0123456789abcdef0123456789abcdef"))
	f.Add([]byte("\x00\x00\x00\x3b#CHALLENGE#{sha256}0123456789012345678901234567890123456789\x00\x00\x00\x09#WELCOME#"))
	f.Add([]byte("\x00\x00\x00\x1f#CHALLENGE#01234567890123456789\x00\x00\x00\x09#WELCOME#\x00\x00\x00\x100123456789abcdef"))
	f.Add([]byte("\x00\x00\x01\x01"))
	f.Add([]byte("\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x01\x01"))
	key := []pipe.Option{pipe.WithKey([]byte("key of the fuzz test")), pipe.WithLegacyMD5()}
	refused := make(chan error, 1)
	l := listen(f, "unix", filepath.Join(f.TempDir(), "s"), append(key, pipe.WithRefused(func(_ string, err error) { refused <- err }))...)
	server, err := net.Listen("unix", filepath.Join(f.TempDir(), "s"))
	must(f, err)
	f.Cleanup(func() { server.Close() })
	say := func(c net.Conn, b []byte) {
		defer c.Close()
		c.Write(b)
		c.(*net.UnixConn).CloseWrite()
		io.Copy(io.Discard, c)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		raw, err := net.Dial("unix", l.Address())
		must(t, err)
		say(raw, b)
		is(t, "the listener", <-refused, pipe.ErrAuth)
		go func() {
			if c, err := server.Accept(); err == nil {
				say(c, b)
			}
		}()
		_, err = pipe.Dial(t.Context(), "unix", server.Addr().String(), key...)
		is(t, "Dial", err, pipe.ErrAuth)
	})
}
