package pipe

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

const (
	// keyLabel says what is derived from a key. Another way to derive it gets another label.
	keyLabel = "shmkit pipe KeyTLS v1 ed25519"
	keyName  = "shmkit key v1" // of the certificate
	shortest = 16              // bytes of a key
)

// KeyTLS gives configurations of TLS 1.3 for [WithTLS], for a listener and for who dials,
// that need nothing but a key which both have: both derive the same Ed25519 key pair from
// it, by HKDF-SHA256, and each accepts exactly that one of the other. So no certificates
// are given out, and nobody without the key can listen, connect, or come in between. What
// was recorded stays secret if the key becomes known later. The end that meets another key
// gives [*AuthError], and so does the other one if it hears of it.
//
// All who have the key are equal: each can listen and connect, and one cannot be told from
// another. And whoever connects is shown something by which guesses of the key can be
// tried at leisure: use 32 random bytes, and no password. Keys of less than 16 bytes are
// refused: [ErrWeakKey]. [WithKey] adds nothing to it.
func KeyTLS(key []byte) (server, client *tls.Config, err error) {
	if len(key) < shortest {
		return nil, nil, fmt.Errorf("%w: %d bytes, at least %d", ErrWeakKey, len(key), shortest)
	}
	seed, err := hkdf.Key(sha256.New, key, nil, keyLabel, ed25519.SeedSize)
	if err != nil {
		return nil, nil, fmt.Errorf("pipe: deriving a key: %w", err)
	}
	cert, err := certify(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		return nil, nil, fmt.Errorf("pipe: making a certificate: %w", err)
	}
	ours := cert.Leaf.PublicKey.(ed25519.PublicKey)
	verify := func(s tls.ConnectionState) error { return verifyKey(s, ours) }
	server = &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert},
		ClientAuth: tls.RequireAnyClientCert, VerifyConnection: verify,
		SessionTicketsDisabled: true, // each connection shows the key itself
	}
	client = &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert},
		InsecureSkipVerify: true, VerifyConnection: verify, // by the key, not by names and authorities
		SessionTicketsDisabled: true,
	}
	return server, client, nil
}

// certify makes the certificate that carries a public key. Nobody looks at the rest of it.
func certify(private ed25519.PrivateKey) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: keyName},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private, Leaf: leaf}, err
}

// verifyKey accepts a connection of one who has our key. That it has it, and not only the
// certificate, its signature of the handshake shows.
func verifyKey(s tls.ConnectionState, ours ed25519.PublicKey) error {
	if s.DidResume || len(s.PeerCertificates) == 0 {
		return &AuthError{"the other end shows no key", nil}
	}
	if theirs, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey); !ok || !theirs.Equal(ours) {
		return &AuthError{"the other end has another key", nil}
	}
	return nil
}

// refusedKey is what err of a handshake means if it is the other end that refused our key.
func refusedKey(config *tls.Config, err error) error {
	var alert *net.OpError
	if !errors.As(err, &alert) || alert.Op != "remote error" || len(config.Certificates) != 1 {
		return err
	}
	if leaf := config.Certificates[0].Leaf; leaf == nil || leaf.Subject.CommonName != keyName {
		return err
	}
	return &AuthError{"the other end has another key, or none", err}
}
