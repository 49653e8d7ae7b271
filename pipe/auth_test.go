package pipe_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"shmkit/pipe"
)

// conformance: CN-11, AU-03 (sha256)
func TestKeys(t *testing.T) {
	shmWatch(t)
	keys := map[string][]byte{"empty": {}, "short": []byte("k"), "long": bytes.Repeat([]byte("key"), 100), "nil": nil}
	eachFamily(t, func(t *testing.T, family, address string) {
		for name, key := range keys {
			address := address
			if family != "tcp" {
				address = filepath.Join(t.TempDir(), name)
			}
			server, client := connected(t, family, address, pipe.WithKey(key))
			must(t, client.SendBytes(make([]byte, 1000))) // the bound of the handshake is gone
			expectBytes(t, server, string(make([]byte, 1000)))
			must(t, server.SendBytes([]byte("hello")))
			expectBytes(t, client, "hello")
		}
	})
}

// conformance: AU-01, AU-02
func TestWrongKey(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		refused := make(chan error, 1)
		l := listen(t, family, address, pipe.WithKey([]byte("right")), pipe.WithRefused(func(_ string, err error) { refused <- err }))
		for _, key := range []string{"wrong", "", "right\x00x"} {
			_, err := pipe.Dial(t.Context(), family, l.Address(), pipe.WithKey([]byte(key)))
			is(t, "Dial with "+key, err, pipe.ErrAuth)
			err = <-refused
			is(t, "the listener", err, pipe.ErrAuth)
			if strings.Contains(err.Error(), "right") {
				t.Errorf("the key is told: %v", err)
			}
		}
		if l.Refused() != 3 {
			t.Errorf("%d were refused", l.Refused())
		}
		dial(t, l, pipe.WithKey([]byte("right")))
		accept(t, l)
	})
}

// One who dials without a key, where one is wanted, is told.
func TestNoKey(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		l := listen(t, family, address, pipe.WithKey([]byte("right")))
		c, err := pipe.Dial(t.Context(), family, l.Address())
		if err == nil { // a socket alone tells nothing yet
			defer c.Close()
			_, err = pipe.Recv[int](c)
		}
		is(t, "Dial, or Recv", err, pipe.ErrAuth)
		if !strings.Contains(err.Error(), "WithKey") {
			t.Errorf("it does not tell what to do: %v", err)
		}
	})
}

// script is a peer that sends what it is told, each frame after it has received one, and
// gives what it received.
func script(c net.Conn, first bool, frames ...string) (received []string) {
	for i, frame := range frames {
		if i > 0 || !first {
			b, err := readFrame(c)
			if err != nil {
				return received
			}
			received = append(received, b)
		}
		writeFrame(c, frame)
	}
	for {
		b, err := readFrame(c)
		if err != nil {
			return received
		}
		received = append(received, b)
	}
}

func writeFrame(c net.Conn, s string) {
	n := len(s)
	c.Write(append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, s...))
}

func readFrame(c net.Conn) (string, error) {
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return "", err
	}
	b := make([]byte, int(head[0])<<24|int(head[1])<<16|int(head[2])<<8|int(head[3]))
	_, err := io.ReadFull(c, b)
	return string(b), err
}

// What clients without the key may try on a listener.
// conformance: AU-01
func TestGarbageOfClients(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		refused := make(chan error, 1)
		l := listen(t, family, address, pipe.WithKey([]byte("key")), pipe.WithRefused(func(_ string, err error) { refused <- err }))
		for _, response := range []string{
			"", "garbage", "#WELCOME#", strings.Repeat("x", 256), "{sha256}", "{sha256}" + strings.Repeat("\x00", 32),
			"{md5}" + strings.Repeat("\x00", 16), strings.Repeat("\x00", 16), "{sha256", "}{",
		} {
			raw := rawTo(t, l)
			got := script(raw, false, response, "#CHALLENGE#{sha256}"+strings.Repeat("n", 40))
			if len(got) != 2 || !strings.HasPrefix(got[0], "#CHALLENGE#{sha256}") || len(got[0]) != 59 || got[1] != "#FAILURE#" {
				t.Errorf("%q was answered by %q", response, got)
			}
			is(t, response, <-refused, pipe.ErrAuth)
		}
		for _, long := range []string{strings.Repeat("x", 257), strings.Repeat("x", 1<<20)} {
			raw := rawTo(t, l)
			script(raw, false, long)
			err := <-refused
			is(t, "long", err, pipe.ErrAuth)
			is(t, "long", err, pipe.ErrTooLong)
		}
	})
}

// What servers without the key may try on a client.
// conformance: AU-02
func TestGarbageOfServers(t *testing.T) {
	shmWatch(t)
	nonce := strings.Repeat("n", 40)
	mac := func(challenge string) string {
		h := hmac.New(sha256.New, []byte("key"))
		io.WriteString(h, challenge)
		return string(h.Sum(nil))
	}
	for _, frames := range [][]string{
		{""}, {"garbage"}, {"#CHALLENGE#"}, {"#CHALLENGE#short"}, {"#CHALLENGE#{sha256}short"}, {"#CHALLENGE#{md5}" + nonce},
		{"#CHALLENGE#{sha1}" + nonce}, {"#CHALLENGE#sha256}" + nonce}, {"#CHALLENGE#{sha256" + nonce}, {"#CHALLENGE#" + nonce[:20]},
		{"#CHALLENGE#{sha256}" + strings.Repeat("n", 300)}, {"#WELCOME#"},
		{"#CHALLENGE#{sha256}" + nonce, "#FAILURE#"}, {"#CHALLENGE#{sha256}" + nonce, "garbage"},
	} {
		got, err := dialScript(t, frames...)
		is(t, fmt.Sprint(frames), err, pipe.ErrAuth)
		if len(frames) == 2 && (len(got) == 0 || got[0] != "{sha256}"+mac("{sha256}"+nonce)) {
			t.Errorf("%q was answered by %q", frames, got)
		}
		if len(frames) == 1 && len(got) > 0 {
			t.Errorf("%q was answered by %q", frames, got)
		}
	}
	// It lets everybody in, and then has no answer itself.
	for _, last := range []string{"garbage", "#WELCOME#", "{sha256}" + mac("{sha256}"+nonce)} {
		got, err := dialScript(t, "#CHALLENGE#{sha256}"+nonce, "#WELCOME#", last)
		is(t, last, err, pipe.ErrAuth)
		if len(got) == 0 || got[len(got)-1] != "#FAILURE#" {
			t.Errorf("%q was answered by %q", last, got)
		}
	}
}

// dialScript dials a script.
func dialScript(t testing.TB, frames ...string) (got []string, err error) {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	must(t, err)
	defer ln.Close()
	done := make(chan []string, 1)
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		done <- script(c, true, frames...)
	}()
	c, err := pipe.Dial(t.Context(), "unix", ln.Addr().String(), pipe.WithKey([]byte("key")))
	if err == nil {
		c.Close()
	}
	return <-done, err
}

// A challenge of this process is not answered by another connection of the same kind: a
// server that makes a client dial twice would show it its own answers.
func TestReflection(t *testing.T) {
	shmWatch(t)
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	must(t, err)
	defer ln.Close()
	failed := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := pipe.Dial(context.Background(), "unix", ln.Addr().String(), pipe.WithKey([]byte("key")))
			failed <- err
		}()
	}
	one, err := ln.Accept()
	must(t, err)
	defer one.Close()
	two, err := ln.Accept()
	must(t, err)
	defer two.Close()
	writeFrame(one, "#CHALLENGE#{sha256}"+strings.Repeat("n", 40))
	_, err = readFrame(one)
	must(t, err)
	writeFrame(one, "#WELCOME#")
	challenge, err := readFrame(one)
	must(t, err)
	writeFrame(two, challenge)
	err = <-failed
	is(t, "who was shown its own challenge", err, pipe.ErrAuth)
	if !strings.Contains(err.Error(), "ours") {
		t.Error(err)
	}
	one.Close()
	is(t, "the other", <-failed, pipe.ErrAuth)
}

// HMAC-MD5 of CPython before 3.12 is refused, unless it is asked for.
// conformance: AU-03 (md5-legacy, md5)
func TestLegacyMD5(t *testing.T) {
	shmWatch(t)
	mac := func(challenge string) string {
		h := hmac.New(md5.New, []byte("key"))
		io.WriteString(h, challenge)
		return string(h.Sum(nil))
	}
	old := func(c net.Conn) error { // a client of CPython 3.11
		challenge, err := readFrame(c)
		if err != nil {
			return err
		}
		writeFrame(c, mac(strings.TrimPrefix(challenge, "#CHALLENGE#")))
		if verdict, err := readFrame(c); verdict != "#WELCOME#" {
			return fmt.Errorf("%q %w", verdict, err)
		}
		nonce := strings.Repeat("n", 20)
		writeFrame(c, "#CHALLENGE#"+nonce)
		if response, err := readFrame(c); response != mac(nonce) {
			return fmt.Errorf("%q %w", response, err)
		}
		writeFrame(c, "#WELCOME#")
		return nil
	}
	refused := make(chan error, 1)
	strict := listen(t, "unix", filepath.Join(t.TempDir(), "s"), pipe.WithKey([]byte("key")),
		pipe.WithRefused(func(_ string, err error) { refused <- err }))
	if err := old(rawTo(t, strict)); err == nil {
		t.Error("MD5 is taken")
	}
	if err := <-refused; !errors.Is(err, pipe.ErrAuth) || !strings.Contains(err.Error(), "WithLegacyMD5") {
		t.Error(err)
	}
	lax := listen(t, "unix", filepath.Join(t.TempDir(), "s"), pipe.WithKey([]byte("key")), pipe.WithLegacyMD5())
	must(t, old(rawTo(t, lax)))
	accept(t, lax)
	// A named md5 is refused all the same: who can say a name can say a better one.
	_, err := dialScript(t, "#CHALLENGE#{md5}"+strings.Repeat("n", 40))
	is(t, "named md5", err, pipe.ErrAuth)
}

// An exchange that CPython 3.12.1 had with itself, which its key and challenges were given
// to: this end says the same.
func TestRecordedExchange(t *testing.T) {
	nonce := "0123456789abcdefghijABCDEFGHIJ0123456789"
	got, err := dialScript(t, "#CHALLENGE#{sha256}"+nonce, "#FAILURE#")
	is(t, "Dial", err, pipe.ErrAuth)
	if len(got) == 0 || hex.EncodeToString([]byte(strings.TrimPrefix(got[0], "{sha256}"))) != recorded["sha256"] {
		t.Errorf("sha256: %q", got)
	}
	for _, name := range []string{"sha384", "sha3_256", "sha3_384"} {
		got, err := dialScript(t, "#CHALLENGE#{"+name+"}"+nonce, "#FAILURE#")
		is(t, "Dial", err, pipe.ErrAuth)
		if len(got) == 0 || hex.EncodeToString([]byte(strings.TrimPrefix(got[0], "{"+name+"}"))) != recorded[name] {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// recorded are the responses of CPython 3.12.1 by digest.
var recorded = map[string]string{
	"sha256":   "5469a78be3a069c1ae5013077b4d43e01a955e5ca18ce46037aa84780aefb074",
	"sha384":   "b9795516112bd4cdcb1edcf6fa12b91d3bbbfae5989d93ff003dca716280ca6d17f7650e4eb1667520ae2ec27e987a95",
	"sha3_256": "6420a2d3d734cc3275bfd61f81eef4e923fa50d6d3a786b77c188d64f26a1bed",
	"sha3_384": "0ee91e76fba58d67a524e6010c4335fc94108ea43f098d15536dcca451d3267aca3c9600ec8dde4354b2d0d87e04eece",
}
