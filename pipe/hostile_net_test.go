package pipe_test

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/pipe"
	"shmkit/shm"
)

// silence connects clients to l that are silent, send half of something, or are never done.
func silence(t *testing.T, l *pipe.Listener, many int) (raw []net.Conn) {
	t.Helper()
	for n := range many {
		c := rawTo(t, l)
		c.Write([]byte("\x00\x00\x00\x28half")[:n%8]) // its time may be over
		raw = append(raw, c)
	}
	go func() {
		// A byte now and then, for as long as it is let.
		for _, err := raw[0].Write([]byte{0, 0, 0}); err == nil; time.Sleep(time.Millisecond) {
			_, err = raw[0].Write([]byte{200})
		}
	}()
	return raw
}

// Clients that are silent hold up nobody.
func TestSilentClients(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address, pipe.WithKey([]byte("key")), pipe.WithHandshakeTimeout(time.Hour))
		silence(t, l, 20)
		client := dial(t, l, pipe.WithKey([]byte("key")))
		server := accept(t, l)
		must(t, client.SendBytes([]byte("hello")))
		expectBytes(t, server, "hello")
		if l.Refused() != 0 {
			t.Errorf("%d were refused", l.Refused())
		}
	})
}

// They go when their time is over.
func TestSilentClientsGo(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		const many = 20
		refused := make(chan error, many)
		l := listen(t, family, address, pipe.WithKey([]byte("key")), pipe.WithHandshakeTimeout(10*time.Millisecond),
			pipe.WithRefused(func(_ string, err error) { refused <- err }))
		raw := silence(t, l, many)
		for range many {
			err := <-refused
			is(t, "a silent client", err, pipe.ErrAuth)
			is(t, "a silent client", err, os.ErrDeadlineExceeded)
		}
		for _, c := range raw {
			if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Error(err)
			}
		}
		if l.Refused() != many {
			t.Errorf("%d were refused", l.Refused())
		}
	})
}

// If very many clients are silent the oldest of them must go, and the one with the key
// comes in.
func TestCrowdOfSilentClients(t *testing.T) {
	shmWatch(t)
	evicted := make(chan error, 1000)
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"), pipe.WithKey(nil), pipe.WithHandshakeTimeout(time.Hour),
		pipe.WithRefused(func(_ string, err error) { evicted <- err }))
	for range 300 {
		rawTo(t, l)
	}
	dial(t, l, pipe.WithKey(nil))
	accept(t, l)
	is(t, "the oldest", <-evicted, pipe.ErrEvicted)
}

// Too many open files do not end the server.
func TestTooManyOpenFiles(t *testing.T) {
	shmWatch(t)
	refused := make(chan error, 1)
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"), pipe.WithRefused(func(_ string, err error) {
		select {
		case refused <- err:
		default:
		}
	}))
	client, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	must(t, err)
	defer syscall.Close(client)
	var old syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old))
	none := old
	none.Cur = 3
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none))
	err = syscall.Connect(client, &syscall.SockaddrUnix{Name: l.Address()})
	reason := <-refused
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old))
	must(t, err)
	is(t, "refused", reason, syscall.EMFILE)
	accept(t, l)
}

// Clients that come to shared memory and do not take their end are refused, and nothing of
// it is left.
func TestRingsThatNobodyTakes(t *testing.T) {
	shmWatch(t)
	refused := make(chan error, 1)
	l := listen(t, "shm", filepath.Join(t.TempDir(), "s"), pipe.WithRefused(func(_ string, err error) { refused <- err }))
	raw := rawTo(t, l)
	_, err := readFrame(raw)
	must(t, err)
	must(t, raw.Close())
	is(t, "who went", <-refused, io.ErrUnexpectedEOF)
	raw = rawTo(t, l)
	writeFrame(raw, "thank you")
	is(t, "who said something else", <-refused, pipe.ErrFrame)
	raw = rawTo(t, l)
	writeFrame(raw, strings.Repeat("x", 300))
	is(t, "who said too much", <-refused, pipe.ErrTooLong)
	dial(t, l)
	accept(t, l)

	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	must(t, err)
	defer ln.Close()
	for handle, want := range map[string]error{
		"": shm.ErrHandle, "garbage": shm.ErrHandle, strings.Repeat("x", 256): shm.ErrHandle,
		"#CHALLENGE#{sha256}" + strings.Repeat("n", 40): pipe.ErrAuth,
	} {
		go func() {
			c, err := ln.Accept()
			if err == nil {
				writeFrame(c, handle)
				c.Close()
			}
		}()
		_, err = pipe.Dial(t.Context(), "shm", ln.Addr().String())
		is(t, "a bad handle", err, want)
	}
}

// A peer that announces much and sends little gets little memory.
func TestAnnouncedMemory(t *testing.T) {
	shmWatch(t)
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const many = 20
	for range many {
		raw := rawTo(t, l)
		_, err := raw.Write([]byte("\x0f\xff\xff\xffhello"))
		must(t, err)
		c := accept(t, l)
		if ok, err := c.Poll(time.Millisecond); ok || err != nil {
			t.Error("Poll of a part: ", ok, err)
		}
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > many<<20 {
		t.Errorf("%d bytes for %d announcements", got, many)
	}
}
