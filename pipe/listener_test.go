package pipe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
	"shmkit/shm"
)

func init() { shmtest.Register("listener", beListener) }

// beListener listens until it is killed.
func beListener(c *shmtest.Child) {
	_, err := pipe.Listen(c.Args[0], c.Args[1])
	c.Must(err)
	c.Say("listens")
	c.Park()
}

// conformance: CN-09
func TestSameAddressTwice(t *testing.T) {
	eachFamily(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address)
		_, err := pipe.Listen(family, l.Address())
		is(t, "second Listen", err, pipe.ErrInUse)
		is(t, "second Listen", err, syscall.EADDRINUSE)
		// The first is as before, and nobody has come to it.
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errPatience)
		_, err = l.AcceptContext(ctx)
		is(t, "Accept", err, errPatience)
		dial(t, l)
		accept(t, l)
		must(t, l.Close())
		again, err := pipe.Listen(family, l.Address())
		must(t, err)
		must(t, again.Close())
	})
}

// conformance: CN-10
func TestAcceptAfterClose(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address)
		woken := make(chan error)
		go func() {
			c, err := l.Accept()
			if woken <- err; err == nil {
				c.Close()
			}
		}()
		client := dial(t, l)
		if err := <-woken; err != nil {
			t.Error(err)
		}
		go func() { _, err := l.Accept(); woken <- err }()
		must(t, l.Close())
		is(t, "Accept during Close", <-woken, pipe.ErrClosed)
		_, err := l.Accept()
		is(t, "Accept after Close", err, pipe.ErrClosed)
		is(t, "second Close", l.Close(), pipe.ErrClosed)
		if _, err := os.Lstat(l.Address()); family != "tcp" && !errors.Is(err, os.ErrNotExist) {
			t.Error("the path is left: ", err)
		}
		_, err = pipe.Dial(t.Context(), family, l.Address())
		if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error("Dial after Close: ", err)
		}
		client.Close()
	})
}

// Clients that nobody accepted are cut off by Close.
func TestCloseCutsThoseWhoWait(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address)
		client := dial(t, l)
		must(t, l.Close())
		_, err := client.RecvBytes()
		if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	})
}

// conformance: CN-12
func TestAbstractSocket(t *testing.T) {
	shmWatch(t)
	name := fmt.Sprintf("shmkit-test-%d", os.Getpid())
	for _, address := range []string{"@" + name, "\x00" + name} {
		l := listen(t, "unix", address)
		if l.Address() != "@"+name {
			t.Errorf("Address is %q", l.Address())
		}
		client := dial(t, l)
		must(t, client.SendBytes([]byte("hello")))
		expectBytes(t, accept(t, l), "hello")
		_, err := pipe.Listen("unix", address)
		is(t, "second Listen", err, pipe.ErrInUse)
		must(t, l.Close())
	}
}

// An address that Listen chose.
func TestChosenAddress(t *testing.T) {
	shmWatch(t)
	for _, family := range []string{"unix", "tcp", "shm"} {
		l := listen(t, family, "")
		client := dial(t, l)
		must(t, client.SendBytes([]byte("hello")))
		expectBytes(t, accept(t, l), "hello")
		if family != "tcp" && filepath.Dir(l.Address()) != shm.Dir() {
			t.Errorf("it is at %s", l.Address())
		}
	}
	l := listen(t, "shm", "named")
	if want := filepath.Join(shm.Dir(), "named.sock"); l.Address() != want {
		t.Errorf("it is at %s, want %s", l.Address(), want)
	}
	client, err := pipe.Dial(t.Context(), "shm", "named")
	must(t, err)
	defer client.Close()
	accept(t, l)
	segments, err := shm.List()
	must(t, err)
	for _, info := range segments {
		if strings.HasSuffix(info.Path, ".sock") {
			t.Errorf("%s is listed as a segment", info.Path)
		}
	}
}

// What a listener that was killed leaves behind does not stop the next, and of several who
// come at once one gets it.
func TestKilledListener(t *testing.T) {
	shmWatch(t)
	for _, family := range []string{"unix", "shm"} {
		path := filepath.Join(t.TempDir(), "s")
		p := shmtest.Start(t, "listener", family, path)
		p.Expect("listens")
		_, err := pipe.Listen(family, path)
		is(t, "Listen beside the living", err, pipe.ErrInUse)
		p.Kill()
		_, err = pipe.Dial(t.Context(), family, path)
		is(t, "Dial of the dead", err, syscall.ECONNREFUSED)
		var racers sync.WaitGroup
		got := make(chan *pipe.Listener, 8)
		for range cap(got) {
			racers.Go(func() {
				l, err := pipe.Listen(family, path)
				if err == nil {
					got <- l
				} else if !errors.Is(err, pipe.ErrInUse) {
					t.Error(err)
				}
			})
		}
		racers.Wait()
		if len(got) != 1 {
			t.Fatalf("%d listen", len(got))
		}
		l := <-got
		dial(t, l)
		accept(t, l)
		must(t, l.Close())
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// What a killed listener left at an address that Listen chose goes when the next chooses.
func TestSweepOfSockets(t *testing.T) {
	p := shmtest.Start(t, "listener", "unix", "")
	p.Expect("listens")
	paths, _ := filepath.Glob(filepath.Join(shm.Dir(), "listener-*.sock"))
	if len(paths) != 1 {
		t.Fatal(paths)
	}
	listen(t, "unix", "")
	if _, err := os.Lstat(paths[0]); err != nil {
		t.Error("swept although it lives: ", err)
	}
	p.Kill()
	listen(t, "unix", "")
	if _, err := os.Lstat(paths[0]); !errors.Is(err, os.ErrNotExist) {
		t.Error("not swept: ", err)
	}
}

// A file at the path that is no socket stays.
func TestPathIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	must(t, os.WriteFile(path, []byte("mine"), 0o600))
	_, err := pipe.Listen("unix", path)
	is(t, "Listen", err, pipe.ErrInUse)
	if b, _ := os.ReadFile(path); string(b) != "mine" {
		t.Errorf("the file holds %q", b)
	}
}

// Somebody else's socket at the path stays when the listener closes.
func TestPathOfAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l := listen(t, "unix", path)
	must(t, os.Remove(path))
	other, err := net.Listen("unix", path)
	must(t, err)
	defer other.Close()
	must(t, l.Close())
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

func TestModeOfPath(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	for want, opts := range map[os.FileMode][]pipe.Option{0o600: nil, 0o660: {pipe.WithMode(0o660)}} {
		l := listen(t, "unix", filepath.Join(t.TempDir(), "s"), opts...)
		info, err := os.Stat(l.Address())
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("mode %v, want %v", info.Mode().Perm(), want)
		}
	}
}

// Clients that nobody accepts wait, and none is lost.
func TestManyClientsWait(t *testing.T) {
	shmWatch(t)
	l := listen(t, "unix", filepath.Join(t.TempDir(), "s"))
	const many = 400
	for n := range many {
		c := dial(t, l)
		go c.SendBytes([]byte{byte(n), byte(n >> 8)})
	}
	seen := map[string]bool{}
	for range many {
		b, err := accept(t, l).RecvBytes()
		must(t, err)
		seen[string(b)] = true
	}
	if len(seen) != many {
		t.Errorf("%d of %d came", len(seen), many)
	}
	if l.Refused() != 0 {
		t.Errorf("%d were refused", l.Refused())
	}
}

// Close in the middle of handshakes leaves nothing running.
func TestCloseDuringHandshakes(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address, pipe.WithKey(nil))
		for range 5 {
			rawTo(t, l)
		}
		var dials sync.WaitGroup
		for range 5 {
			dials.Go(func() {
				if c, err := pipe.Dial(t.Context(), family, l.Address(), pipe.WithKey(nil)); err == nil {
					c.Close()
				}
			})
		}
		must(t, l.Close())
		dials.Wait()
	})
}

// Dial gives up when its context ends, or its time is over, whatever the server does.
func TestDialOfSilentServer(t *testing.T) {
	shmWatch(t)
	for _, family := range []string{"unix", "tcp", "shm"} {
		network := strings.Replace(family, "shm", "unix", 1)
		address := "127.0.0.1:0"
		if network == "unix" {
			address = filepath.Join(t.TempDir(), "s")
		}
		ln, err := net.Listen(network, address)
		must(t, err)
		defer ln.Close()
		ctx, cancel := context.WithCancelCause(t.Context())
		accepted := make(chan net.Conn, 2)
		go func() {
			defer close(accepted)
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				accepted <- c
				cancel(errPatience)
			}
		}()
		_, err = pipe.Dial(ctx, family, ln.Addr().String(), pipe.WithKey(nil))
		is(t, "Dial with a context", err, errPatience)
		_, err = pipe.Dial(t.Context(), family, ln.Addr().String(), pipe.WithKey(nil), pipe.WithHandshakeTimeout(time.Millisecond))
		is(t, "Dial with a time", err, os.ErrDeadlineExceeded)
		ln.Close()
		for c := range accepted {
			c.Close()
		}
	}
}
