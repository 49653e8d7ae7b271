package pipe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

func init() { shmtest.Register("files", beFiles) }

// beFiles is a helper process: it reads the files that it is sent, and sends them back.
func beFiles(c *shmtest.Child) {
	conn, err := pipe.Dial(context.Background(), "unix", c.Args[0])
	c.Must(err)
	for {
		f, err := conn.RecvFile()
		if err == io.EOF {
			return // the test is over
		}
		c.Must(err)
		b, err := io.ReadAll(f)
		c.Must(err)
		c.Say(string(b))
		_, err = f.Seek(0, io.SeekStart)
		c.Must(err)
		c.Must(conn.SendFile(f))
		f.Close()
	}
}

// conformance: CN-05, PK-01 (open files)
func TestFilesBetweenProcesses(t *testing.T) {
	shmWatch(t)
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"))
	p := shmtest.Start(t, "files", l.Address())
	c := accept(t, l)
	for n := range 10 {
		text := fmt.Sprint("file ", n)
		must(t, c.SendFile(tempFile(t, text)))
		p.Expect(text)
		back, err := c.RecvFile()
		must(t, err)
		b, err := io.ReadAll(back)
		must(t, err)
		if string(b) != text {
			t.Errorf("%q came back", b)
		}
		must(t, back.Close())
	}
}

// conformance: CN-06
func TestLargeDescriptor(t *testing.T) {
	shmWatch(t)
	a, b := connected(t, "unix", filepath.Join(t.TempDir(), "s"))
	f := tempFile(t, "high up")
	const high = 700
	_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_DUPFD_CLOEXEC, high)
	if errno != 0 {
		t.Skip("skipped: no descriptor of 700: ", errno)
	}
	large := os.NewFile(high, "large")
	defer large.Close()
	must(t, a.SendFile(large))
	got, err := b.RecvFile()
	must(t, err)
	defer got.Close()
	text, err := io.ReadAll(got)
	must(t, err)
	if string(text) != "high up" {
		t.Errorf("read %q", text)
	}
}

// conformance: CN-07
func TestNoFile(t *testing.T) {
	shmWatch(t)
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"))
	raw := rawTo(t, l)
	c := accept(t, l)
	_, err := raw.Write([]byte{0})
	must(t, err)
	for range 2 {
		_, err = c.RecvFile()
		is(t, "a byte without a file", err, pipe.ErrNoFile)
	}
	_, err = raw.Write([]byte("\x00\x00\x02ok")) // it was the first of a message
	must(t, err)
	expectBytes(t, c, "ok")
	must(t, raw.Close())
	_, err = c.RecvFile()
	is(t, "at the end", err, io.EOF)
}

// Files and messages keep their order, and neither is taken for the other.
func TestFilesAmongMessages(t *testing.T) {
	shmWatch(t)
	a, b := connected(t, "unix", filepath.Join(t.TempDir(), "s"))
	for n := range 30 {
		must(t, a.SendBytes(make([]byte, n*700)))
		must(t, a.SendFile(tempFile(t, fmt.Sprint(n))))
		must(t, a.SendBytes([]byte{byte(n)}))
		_, err := b.RecvFile()
		is(t, "RecvFile before a message", err, pipe.ErrNoFile)
		expectBytes(t, b, string(make([]byte, n*700)))
		for range 2 {
			_, err = b.RecvBytes()
			is(t, "RecvBytes before a file", err, pipe.ErrFile)
		}
		f, err := b.RecvFile()
		must(t, err)
		text, err := io.ReadAll(f)
		must(t, err)
		must(t, f.Close())
		if string(text) != fmt.Sprint(n) {
			t.Errorf("file %d holds %q", n, text)
		}
		_, err = b.RecvFile()
		is(t, "RecvFile before a message", err, pipe.ErrNoFile)
		expectBytes(t, b, string([]byte{byte(n)}))
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errPatience)
	_, err := b.RecvFileContext(ctx)
	is(t, "RecvFile with nothing there", err, errPatience)
	is(t, "SendFile with an ended context", a.SendFileContext(ctx, os.Stdin), errPatience)
}

func TestFilesElsewhere(t *testing.T) {
	a, _ := connected(t, "tcp", "")
	is(t, "tcp", a.SendFile(os.Stdin), pipe.ErrFamily)
	_, err := a.RecvFile()
	is(t, "tcp", err, pipe.ErrFamily)
	r, _ := newEnds(t, true, pipe.Room)
	is(t, "rings", r.SendFile(os.Stdin), pipe.ErrFamily)
	closed := tempFile(t, "")
	must(t, closed.Close())
	u, v := connected(t, "unix", filepath.Join(t.TempDir(), "s"))
	if err := u.SendFile(closed); !errors.Is(err, os.ErrClosed) {
		t.Error("a closed file: ", err)
	}
	must(t, u.SendBytes([]byte("still")))
	expectBytes(t, v, "still")
}

// A peer that sends files where none belongs, or many, leaves none of them open here.
func TestHostileFiles(t *testing.T) {
	shmWatch(t)
	f := tempFile(t, "unwanted")
	one := syscall.UnixRights(int(f.Fd()))
	many := syscall.UnixRights(make([]int, 200)...)
	two := syscall.UnixRights(int(f.Fd()), int(f.Fd()))
	for _, tt := range []struct {
		text    string
		control []byte
	}{
		{"\x00", many}, {"\x00", two}, {"\x00\x00\x00\x05hello", one}, {"\x00\x00\x00\x05hel", one}, {"\x00\x00\x00\x05hello", many},
	} {
		l := listen(t, "unix", filepath.Join(t.TempDir(), "s"))
		raw := rawTo(t, l).(*net.UnixConn)
		c := accept(t, l)
		before := openFiles(t)
		_, _, err := raw.WriteMsgUnix([]byte(tt.text), tt.control, nil)
		must(t, err)
		_, err = raw.Write([]byte("\x00\x00\x00\x00"))
		must(t, err)
		_, err = c.RecvBytes()
		if !errors.Is(err, pipe.ErrFrame) {
			t.Errorf("%q with %d bytes of control: %v", tt.text, len(tt.control), err)
		}
		must(t, c.Close())
		if now := openFiles(t); now >= before {
			t.Errorf("%d files were open, now %d", before, now)
		}
	}
	// One that nobody takes goes with the connection.
	a, b := connected(t, "unix", filepath.Join(t.TempDir(), "s"))
	must(t, a.SendFile(f))
	before := openFiles(t)
	_, err := b.RecvBytes()
	is(t, "a file", err, pipe.ErrFile)
	must(t, b.Close())
	if now := openFiles(t); now >= before {
		t.Errorf("%d files were open, now %d", before, now)
	}
}

func openFiles(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("skipped: ", err)
	}
	return len(entries)
}

// conformance: PK-01
func TestConnectionsBetweenProcesses(t *testing.T) {
	shmWatch(t)
	eachSocket(t, func(t *testing.T, family, address string) {
		l := listen(t, "unix", filepath.Join(t.TempDir(), "link"))
		p := startPeer(t, l)
		link := accept(t, l)
		server, client := connected(t, family, address)
		must(t, client.SendBytes([]byte("first")))
		must(t, client.SendBytes(make([]byte, 20000)))
		must(t, client.SendBytes([]byte("third")))
		if ok, err := server.Poll(-1); err != nil || !ok {
			if _, err := server.Poll(1 << 40); err != nil { // it is read, and not taken
				t.Fatal(err)
			}
		}
		p.Send("adopt")
		must(t, link.SendConn(server))
		p.Expect("adopted")
		if !server.Closed() {
			t.Error("it is still open here")
		}
		_, err := server.RecvBytes()
		is(t, "receive from one that was sent", err, pipe.ErrClosed)
		p.Send("echo")
		expectBytes(t, client, "first")
		expectBytes(t, client, string(make([]byte, 20000)))
		expectBytes(t, client, "third")
		must(t, client.SendBytes([]byte("fourth")))
		expectBytes(t, client, "fourth")
		must(t, client.Close())
		p.Expect("EOF")
	})
}

// A socket that carries no stream is no connection.
func TestConnectionThatIsNone(t *testing.T) {
	shmWatch(t)
	link, end := connected(t, "unix", filepath.Join(t.TempDir(), "link"))
	for _, network := range []string{"udp", "unixgram"} {
		address := "127.0.0.1:0"
		if network == "unixgram" {
			address = filepath.Join(t.TempDir(), "datagrams")
		}
		socket, err := net.ListenPacket(network, address)
		must(t, err)
		f, err := socket.(interface{ File() (*os.File, error) }).File()
		must(t, err)
		must(t, link.SendFile(f))
		must(t, link.SendBytes(nil))
		moved, err := end.RecvConn()
		is(t, network, err, pipe.ErrNoFile)
		if err == nil {
			moved.CloseWrite()
			moved.Close()
		}
		must(t, errors.Join(f.Close(), socket.Close()))
	}
}

// What cannot be sent stays as it was.
func TestConnectionsThatStay(t *testing.T) {
	shmWatch(t)
	link, end := connected(t, "unix", filepath.Join(t.TempDir(), "link"))
	_, secured := connectedTLS(t)
	is(t, "TLS", link.SendConn(secured), pipe.ErrFamily)
	r, _ := newEnds(t, true, pipe.Room)
	is(t, "rings", link.SendConn(r), pipe.ErrFamily)
	is(t, "itself", link.SendConn(link), pipe.ErrBusy)
	_, err := link.MarshalText()
	is(t, "a socket as a handle", err, pipe.ErrNoHandle)
	a, b := connected(t, "unix", filepath.Join(t.TempDir(), "s"))
	must(t, a.SendFile(tempFile(t, "x")))
	_, err = b.RecvBytes()
	is(t, "a file", err, pipe.ErrFile)
	is(t, "with a file", link.SendConn(b), pipe.ErrBusy)
	f, err := b.RecvFile()
	must(t, err)
	must(t, f.Close())
	must(t, link.SendConn(b))
	_, err = end.RecvBytes()
	is(t, "RecvBytes before a connection", err, pipe.ErrFile)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	moved, err := end.RecvConnContext(ctx) // all of it is there
	must(t, err)
	defer moved.Close()
	must(t, a.SendBytes([]byte("hello")))
	expectBytes(t, moved, "hello")
	must(t, link.SendFile(tempFile(t, "no connection")))
	must(t, link.SendBytes(nil))
	_, err = end.RecvConn()
	is(t, "a file that is none", err, pipe.ErrNoFile)
}
