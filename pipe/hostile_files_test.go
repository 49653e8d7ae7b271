package pipe_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"shmkit/pipe"
)

// A peer of a handshake that sends files with each of its messages, one or too many, inside
// of it or behind, leaves none of them open, whatever it says and however the handshake ends.
func TestFilesInHandshakes(t *testing.T) {
	shmWatch(t)
	f := tempFile(t, "unwanted")
	one := syscall.UnixRights(int(f.Fd()))
	two := syscall.UnixRights(int(f.Fd()), int(f.Fd()))
	many := syscall.UnixRights(make([]int, 200)...)
	past, cancel := context.WithCancel(t.Context())
	cancel()
	key := []byte("key")
	nonce := "#CHALLENGE#{sha256}" + strings.Repeat("n", 40)
	for _, family := range []string{"unix", "shm"} {
		l := listen(t, family, filepath.Join(t.TempDir(), "s"), pipe.WithKey(key), pipe.WithRefused(func(string, error) {}))
		open := listen(t, family, filepath.Join(t.TempDir(), "s"), pipe.WithRefused(func(string, error) {}))
		server, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
		must(t, err)
		defer server.Close()
		a, b, err := pipe.New(true) // the default heap stays open
		must(t, errors.Join(err, a.Close(), b.Close()))
		before := openFiles(t)
		for _, control := range [][]byte{one, two, many} {
			for _, frames := range [][]string{{"response"}, {nonce}, {"#WELCOME#", nonce}, {nonce, "#WELCOME#", "response"}, {"#RINGS#"}, {""}} {
				for at := range frames {
					for _, to := range []*pipe.Listener{l, open} {
						c := rawTo(t, to).(*net.UnixConn)
						go sayWith(c, frames, at, control)
					}
					go func() {
						if c, err := server.Accept(); err == nil {
							sayWith(c.(*net.UnixConn), frames, at, control)
						}
					}()
					c, err := pipe.Dial(context.Background(), family, server.Addr().String(), pipe.WithKey(key))
					if err == nil {
						t.Errorf("%q: %v came in", frames, c)
					}
				}
			}
		}
		for openFiles(t) > before { // who was refused goes a little later
			if c, err := open.AcceptContext(past); err == nil {
				c.Close()
			}
		}
	}
}

// sayWith says frames, one of which comes with control data, and listens to the end.
func sayWith(c *net.UnixConn, frames []string, at int, control []byte) {
	defer c.Close()
	for i, text := range frames {
		b := append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
		if i != at {
			control = nil
		}
		if _, _, err := c.WriteMsgUnix(b, control, nil); err != nil && !errors.Is(err, syscall.EPIPE) {
			return
		}
	}
	c.CloseWrite()
	io.Copy(io.Discard, c)
}
