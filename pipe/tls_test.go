package pipe_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"shmkit/pipe"
)

// certificate makes a server's certificate for 127.0.0.1, and who trusts it.
func certificate(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return server, &tls.Config{RootCAs: pool}
}

// connectedTLS gives both ends of a connection with a key over TLS.
func connectedTLS(t testing.TB) (server, client *pipe.Conn) {
	t.Helper()
	forServer, forClient := certificate(t)
	l := listen(t, "tcp", "", pipe.WithTLS(forServer), pipe.WithKey([]byte("key")))
	client = dial(t, l, pipe.WithTLS(forClient), pipe.WithKey([]byte("key")))
	return accept(t, l), client
}

func TestTLS(t *testing.T) {
	shmWatch(t)
	server, client := connectedTLS(t)
	go func() {
		for n := range 40 {
			if err := client.SendBytes(make([]byte, n*n*n*10)); err != nil {
				t.Error(err)
			}
		}
		client.CloseWrite()
	}()
	for n := range 40 {
		expectBytes(t, server, string(make([]byte, n*n*n*10)))
	}
	_, err := server.RecvBytes()
	is(t, "after the last", err, io.EOF)
	must(t, server.SendBytes([]byte("back")))
	expectBytes(t, client, "back")
	// Poll and deadlines do not disturb it.
	if ok, err := client.Poll(0); ok || err != nil {
		t.Error("Poll: ", ok, err)
	}
	must(t, client.SetReadDeadline(time.Now().Add(time.Millisecond)))
	_, err = client.RecvBytes()
	is(t, "RecvBytes after the deadline", err, os.ErrDeadlineExceeded)
	must(t, client.SetReadDeadline(time.Time{}))
	must(t, server.SendBytes([]byte("late")))
	if ok, err := client.Poll(time.Hour); !ok || err != nil {
		t.Error("Poll: ", ok, err)
	}
	expectBytes(t, client, "late")
	must(t, server.Close())
	_, err = client.RecvBytes()
	is(t, "after Close", err, io.EOF)
}

// Somebody on the way who cuts the connection between two messages cannot make that look
// like its end.
func TestTLSTruncation(t *testing.T) {
	shmWatch(t)
	forServer, forClient := certificate(t)
	l := listen(t, "tcp", "", pipe.WithTLS(forServer))
	between, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer between.Close()
	links := make(chan *net.TCPConn, 2)
	go func() {
		one, err := between.Accept()
		if err != nil {
			return
		}
		two, err := net.Dial("tcp", l.Address())
		if err != nil {
			return
		}
		links <- one.(*net.TCPConn)
		links <- two.(*net.TCPConn)
		go io.Copy(one, two)
		io.Copy(two, one)
	}()
	client, err := pipe.Dial(t.Context(), "tcp", between.Addr().String(), pipe.WithTLS(forClient))
	must(t, err)
	defer client.Close()
	server := accept(t, l)
	must(t, client.SendBytes([]byte("all of it?")))
	expectBytes(t, server, "all of it?")
	one, two := <-links, <-links
	must(t, two.CloseWrite())
	_, err = server.RecvBytes()
	is(t, "cut", err, io.ErrUnexpectedEOF)
	one.Close()
	two.Close()
}

// Neither a server without the certificate nor a client without TLS comes in.
func TestTLSRefuses(t *testing.T) {
	shmWatch(t)
	forServer, forClient := certificate(t)
	_, stranger := certificate(t)
	refused := make(chan error, 1)
	l := listen(t, "tcp", "", pipe.WithTLS(forServer), pipe.WithRefused(func(_ string, err error) { refused <- err }))
	_, err := pipe.Dial(t.Context(), "tcp", l.Address(), pipe.WithTLS(stranger))
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Error("Dial of a stranger: ", err)
	}
	t.Log(<-refused)
	raw := rawTo(t, l)
	writeFrame(raw, strings.Repeat("no TLS", 100))
	t.Log(<-refused)
	_, err = pipe.Dial(t.Context(), "tcp", strings.Replace(l.Address(), "127.0.0.1", "localhost", 1), pipe.WithTLS(forClient))
	if err == nil || err != nil && !strings.Contains(err.Error(), "localhost") {
		t.Error("Dial by another name: ", err)
	}
	t.Log(<-refused)
	for _, family := range []string{"unix", "shm"} {
		_, err = pipe.Listen(family, "", pipe.WithTLS(forServer))
		is(t, "TLS over "+family, err, pipe.ErrFamily)
		_, err = pipe.Dial(t.Context(), family, "x", pipe.WithTLS(forClient))
		is(t, "TLS over "+family, err, pipe.ErrFamily)
	}
	_, client := connectedTLS(t)
	is(t, "SendFile over TLS", client.SendFile(os.Stdin), pipe.ErrFamily)
}
