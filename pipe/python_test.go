package pipe_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

// interpreter is a Python 3, whose minor version counts.
type interpreter struct {
	path  string
	minor int
}

// pythons are those on the path and of pyenv, one of each version, newest first.
var pythons = sync.OnceValue(func() (out []interpreter) {
	root, _ := exec.Command("pyenv", "root").Output()
	paths, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "versions", "3.*", "bin", "python3"))
	for _, path := range append(paths, "python3", "python3.12", "python3.13", "python3.14", "python3.15") {
		var minor int
		text, err := exec.Command(path, "-c", "import sys; print(sys.version_info[1])").Output()
		if _, e := fmt.Sscan(string(text), &minor); err == nil && e == nil && minor >= 9 {
			out = append(out, interpreter{path, minor})
		}
	}
	slices.SortStableFunc(out, func(a, b interpreter) int { return b.minor - a.minor })
	return slices.CompactFunc(out, func(a, b interpreter) bool { return a.minor == b.minor })
})

// python gives the interpreters that are at least, or before, 3.12. Without one the test
// is skipped.
func python(t testing.TB, modern bool) (out []interpreter) {
	t.Helper()
	for _, py := range pythons() {
		if py.minor >= 12 == modern {
			out = append(out, py)
		}
	}
	if out == nil {
		t.Skipf("skipped: no python3 with 3.12 or later: %v", modern)
	}
	return out
}

// pythonPeer talks as multiprocessing.connection does, and says what it got.
const pythonPeer = `
import sys, os, hashlib
from multiprocessing.connection import Client, Listener
from multiprocessing import AuthenticationError, reduction
what, family, address, key = sys.argv[1:5]
key = None if key == '-' else key.encode()
if family == 'AF_INET':
    host, port = address.split(':')
    address = (host, int(port))
elif address.startswith('@'):
    address = '\0' + address[1:]
say = lambda *a: print(*a, flush=True)
if what == 'listen':
    l = Listener(address, family, authkey=key)
    say(l.address[1] if family == 'AF_INET' else 'listens')
while True:
    try:
        c = l.accept() if what == 'listen' else Client(address, family, authkey=key)
        break
    except AuthenticationError:
        say('refused')
        if what != 'listen': sys.exit(0)
    except (EOFError, ConnectionError):
        say('cut')
        if what != 'listen': sys.exit(0)
say('connected')
if sys.stdin.readline().strip() == 'files':
    fd = reduction.recv_handle(c)
    say(os.read(fd, 100).decode())
    r, w = os.pipe()
    reduction.send_handle(c, r, 0)
    os.write(w, b'from python')
    sys.exit(0)
try:
    while True:
        b = c.recv_bytes()
        c.send_bytes(b)
except EOFError:
    say('EOF')
`

func startPython(t testing.TB, path, what, family, address, key string) *shmtest.Process {
	t.Helper()
	family = map[string]string{"unix": "AF_UNIX", "tcp": "AF_INET"}[family]
	return shmtest.StartCommand(t, exec.Command(path, "-c", pythonPeer, what, family, address, key))
}

// talk has its messages echoed by the other end.
func talk(t testing.TB, p *shmtest.Process, c *pipe.Conn) {
	t.Helper()
	p.Expect("connected")
	p.Send("echo")
	for _, n := range []int{0, 1, 255, 256, 16383, 16384, 16385, 1 << 20, 16 << 20} {
		want := bytes.Repeat([]byte{byte(n%250 + 1)}, n)
		done := make(chan error)
		go func() { done <- c.SendBytes(want) }()
		expectBytes(t, c, string(want))
		must(t, <-done)
	}
	must(t, c.Close())
	p.Expect("EOF")
	p.Wait()
}

// pythonAddresses are those that both sides can be given.
func pythonAddresses(t testing.TB) map[string]string {
	return map[string]string{
		filepath.Join(t.TempDir(), "s"):               "unix",
		fmt.Sprintf("@shmkit-python-%d", os.Getpid()): "unix",
		"127.0.0.1:0": "tcp",
	}
}

// Python's Client talks to our Listener and our Dial to its Listener, with a key, with an
// empty one and without.
// conformance: CN-01, CN-11, CN-12, CN-13
func TestPython(t *testing.T) {
	shmWatch(t)
	for i, py := range python(t, true) {
		for address, family := range pythonAddresses(t) {
			for _, key := range []string{"some key", "", "-"} {
				var opts []pipe.Option
				if key != "-" {
					opts = append(opts, pipe.WithKey([]byte(key)))
				}
				// Before 3.13 Python's Listener takes an empty key for none.
				if key != "" || py.minor >= 13 {
					withPython(t, py.path, family, address, key, opts)
				}
				if i > 0 || family == "tcp" {
					break // one key shows it
				}
			}
		}
	}
}

func withPython(t *testing.T, path, family, address, key string, opts []pipe.Option) {
	t.Helper()
	l := listen(t, family, address, opts...)
	p := startPython(t, path, "dial", family, l.Address(), key)
	talk(t, p, accept(t, l))
	must(t, l.Close())

	p = startPython(t, path, "listen", family, address, key)
	c, err := pipe.Dial(t.Context(), family, listensAt(p, address), opts...)
	must(t, err)
	talk(t, p, c)
}

// listensAt is where a Python that was told to listen at address does.
func listensAt(p *shmtest.Process, address string) string {
	if line := p.Line(); line != "listens" {
		return net.JoinHostPort("127.0.0.1", line)
	}
	return address
}

// Either side refuses another key, and Python goes on listening as we do.
func TestPythonWrongKey(t *testing.T) {
	shmWatch(t)
	path := python(t, true)[0].path
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"), pipe.WithKey([]byte("right")))
	p := startPython(t, path, "dial", "unix", l.Address(), "wrong")
	p.Expect("refused")
	p.Wait()
	p = startPython(t, path, "dial", "unix", l.Address(), "right")
	talk(t, p, accept(t, l))

	address := filepath.Join(t.TempDir(), "s")
	p = startPython(t, path, "listen", "unix", address, "right")
	p.Expect("listens")
	_, err := pipe.Dial(t.Context(), "unix", address, pipe.WithKey([]byte("wrong")))
	is(t, "Dial with another key", err, pipe.ErrAuth)
	p.Expect("refused")
	c, err := pipe.Dial(t.Context(), "unix", address, pipe.WithKey([]byte("right")))
	must(t, err)
	talk(t, p, c)
}

// Python before 3.12 knows MD5 only: it is refused, unless that is asked for.
// conformance: AU-03
func TestPythonMD5(t *testing.T) {
	shmWatch(t)
	path := python(t, false)[0].path
	key := pipe.WithKey([]byte("key"))
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"), key)
	p := startPython(t, path, "dial", "unix", l.Address(), "key")
	p.Expect("refused")
	p.Wait()
	address := filepath.Join(t.TempDir(), "s")
	p = startPython(t, path, "listen", "unix", address, "key")
	p.Expect("listens")
	_, err := pipe.Dial(t.Context(), "unix", address, key)
	if is(t, "Dial", err, pipe.ErrAuth); !strings.Contains(err.Error(), "WithLegacyMD5") {
		t.Error(err)
	}
	p.Expect("cut")
	p.Kill()
	withPython(t, path, "unix", filepath.Join(t.TempDir(), "s"), "key", []pipe.Option{key, pipe.WithLegacyMD5()})
}

// Files go to Python's recv_handle and come from its send_handle.
func TestPythonFiles(t *testing.T) {
	shmWatch(t)
	path := python(t, true)[0].path
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"))
	p := startPython(t, path, "dial", "unix", l.Address(), "-")
	c := accept(t, l)
	p.Expect("connected")
	p.Send("files")
	f := tempFile(t, "from Go")
	must(t, c.SendFile(f))
	p.Expect("from Go")
	r, err := c.RecvFile()
	must(t, err)
	defer r.Close()
	b := make([]byte, 100)
	n, err := r.Read(b)
	must(t, err)
	if string(b[:n]) != "from python" {
		t.Errorf("read %q", b[:n])
	}
	p.Wait()
	_, err = c.RecvBytes()
	if !errors.Is(err, os.ErrClosed) && err == nil {
		t.Error("a message after the end")
	}
}

// tempFile is an open file with that text, at its beginning.
func tempFile(t testing.TB, text string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	f, err := os.Open(path)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}
