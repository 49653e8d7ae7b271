package pipe_test

import (
	"crypto/ed25519"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net"
	"strings"
	"testing"

	"shmkit/pipe"
)

var (
	oneKey   = []byte("0123456789abcdef0123456789abcdef")
	otherKey = []byte("0123456789abcdef0123456789abcdeF")
)

// keyTLS gives the options of both ends that have a key.
func keyTLS(t testing.TB, key []byte) (forServer, forClient pipe.Option) {
	t.Helper()
	server, client, err := pipe.KeyTLS(key)
	must(t, err)
	return pipe.WithTLS(server), pipe.WithTLS(client)
}

// refusing listens and passes on why clients are refused.
func refusing(t testing.TB, opts ...pipe.Option) (*pipe.Listener, <-chan error) {
	t.Helper()
	refused := make(chan error, 1)
	return listen(t, "tcp", "", append(opts, pipe.WithRefused(func(_ string, err error) { refused <- err }))...), refused
}

// isAuth fails unless err is an AuthError that says what.
func isAuth(t testing.TB, who string, err error, what string) {
	t.Helper()
	var a *pipe.AuthError
	if is(t, who, err, pipe.ErrAuth); !errors.As(err, &a) || !strings.Contains(a.Reason, what) {
		t.Errorf("%s: %v, want that %s", who, err, what)
	}
}

// Both ends have nothing but the key.
func TestKeyTLS(t *testing.T) {
	shmWatch(t)
	forServer, _ := keyTLS(t, oneKey)
	_, forClient := keyTLS(t, oneKey)
	l := listen(t, "tcp", "", forServer)
	client := dial(t, l, forClient)
	server := accept(t, l)
	must(t, client.SendBytes([]byte("there")))
	expectBytes(t, server, "there")
	trySent(t, server, []byte("back"))
	expectBytes(t, client, "back")
}

// Each side is told that the keys differ.
func TestKeyTLSRefusesAnotherKey(t *testing.T) {
	shmWatch(t)
	forServer, _ := keyTLS(t, oneKey)
	l, refused := refusing(t, forServer)
	_, stranger := keyTLS(t, otherKey)
	_, err := pipe.Dial(t.Context(), "tcp", l.Address(), stranger)
	isAuth(t, "who dials", err, "another key")
	isAuth(t, "who listens", <-refused, "another key")

	certified, trusting := certificate(t)
	_, err = pipe.Dial(t.Context(), "tcp", l.Address(), pipe.WithTLS(trusting))
	if err == nil {
		t.Error("a key is no certificate for others")
	}
	t.Log(err, <-refused)

	l, refused = refusing(t, pipe.WithTLS(certified))
	_, forClient := keyTLS(t, oneKey)
	_, err = pipe.Dial(t.Context(), "tcp", l.Address(), forClient)
	isAuth(t, "who dials", err, "another key")
	t.Log(<-refused)
}

// A client that accepts any server gets no further than that.
func TestKeyTLSRefusesAnyClient(t *testing.T) {
	shmWatch(t)
	forServer, _ := keyTLS(t, oneKey)
	l, refused := refusing(t, forServer)
	_, other, err := pipe.KeyTLS(otherKey)
	must(t, err)
	stranger, _ := certificate(t)
	for what, config := range map[string]*tls.Config{
		"another key": {Certificates: other.Certificates},
		"a key": {Certificates: []tls.Certificate{{
			Certificate: other.Certificates[0].Certificate, PrivateKey: other.Certificates[0].PrivateKey,
		}}},
		"another certificate": stranger,
		"no certificate":      {},
		"an old version":      {Certificates: other.Certificates, MaxVersion: tls.VersionTLS12},
	} {
		config.InsecureSkipVerify = true
		c, err := tls.Dial("tcp", l.Address(), config)
		if err == nil {
			_, err = c.Read(make([]byte, 1)) // only then it hears of it
			c.Close()
		}
		if err == nil {
			t.Error(what, " comes in")
		}
		if err = <-refused; strings.HasPrefix(what, "another") {
			isAuth(t, what, err, "another key")
		}
		t.Log(what, ": ", err)
	}
}

// A certificate that was seen is no key.
func TestKeyTLSRefusesStolenCertificate(t *testing.T) {
	shmWatch(t)
	forServer, forClient := keyTLS(t, oneKey)
	l, refused := refusing(t, forServer)
	var seen []byte
	c, err := tls.Dial("tcp", l.Address(), &tls.Config{
		InsecureSkipVerify: true,
		VerifyConnection:   func(s tls.ConnectionState) error { seen = s.PeerCertificates[0].Raw; return nil },
	})
	if err == nil {
		c.Close()
	}
	t.Log(<-refused)
	_, own, err := ed25519.GenerateKey(nil)
	must(t, err)
	stolen := tls.Certificate{Certificate: [][]byte{seen}, PrivateKey: own}
	c, err = tls.Dial("tcp", l.Address(), &tls.Config{
		InsecureSkipVerify:   true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &stolen, nil },
	})
	if err == nil {
		_, err = c.Read(make([]byte, 1))
		c.Close()
	}
	if err == nil {
		t.Error("a stolen certificate comes in")
	}
	t.Log(err, <-refused)

	// And the other way round.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer ln.Close()
	go func() {
		if c, err := ln.Accept(); err == nil {
			tls.Server(c, &tls.Config{Certificates: []tls.Certificate{stolen}}).Handshake()
			c.Close()
		}
	}()
	_, err = pipe.Dial(t.Context(), "tcp", ln.Addr().String(), forClient)
	if err == nil {
		t.Error("a server with a stolen certificate is believed")
	}
	t.Log(err)
}

// A client that keeps sessions has to show the key each time.
func TestKeyTLSResumesNothing(t *testing.T) {
	shmWatch(t)
	forServer, _ := keyTLS(t, oneKey)
	l := listen(t, "tcp", "", forServer)
	_, config, err := pipe.KeyTLS(oneKey)
	must(t, err)
	config.SessionTicketsDisabled = false
	config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	for range 3 {
		c, err := tls.Dial("tcp", l.Address(), config)
		must(t, err)
		must(t, accept(t, l).SendBytes(nil))
		_, err = c.Read(make([]byte, 4))
		must(t, err)
		if c.ConnectionState().DidResume {
			t.Error("resumed")
		}
		c.Close()
	}
}

// What is derived never changes: other versions and other programs derive it too.
func TestKeyTLSDerivation(t *testing.T) {
	server, client, err := pipe.KeyTLS(oneKey)
	must(t, err)
	for _, config := range []*tls.Config{server, client} {
		public := config.Certificates[0].Leaf.PublicKey.(ed25519.PublicKey)
		if got := hex.EncodeToString(public); got != derivedPublic {
			t.Errorf("the public key is %s, want %s", got, derivedPublic)
		}
	}
	_, _, err = pipe.KeyTLS(oneKey[:15])
	is(t, "15 bytes", err, pipe.ErrWeakKey)
	_, _, err = pipe.KeyTLS(oneKey[:16])
	must(t, err)
}

// derivedPublic belongs to oneKey. It was derived by another program, too: by HMAC in Python and
// the key of openssl.
const derivedPublic = "818d288999fc55489686fbbdf2e388596ae9031f741b6f26259e0fc396a713e5"
