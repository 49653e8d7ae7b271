package pipe

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"fmt"
	"hash"
	"strings"
)

// The handshake is that of multiprocessing.connection in CPython 3.12 and later, each
// line one message:
//
//	server  #CHALLENGE#{sha256}<40 random bytes>
//	client  {sha256}<HMAC-SHA256 under the key, of the challenge from { on>
//	server  #WELCOME# or #FAILURE#
//
// and then the same with the roles exchanged. Before 3.12 a challenge is 20 bytes without
// a name, and each answer is 16 bytes of HMAC-MD5.
const (
	challengeMark = "#CHALLENGE#"
	welcome       = "#WELCOME#"
	failure       = "#FAILURE#"

	ourDigest     = "sha256"
	nonceSize     = 40
	oldNonceSize  = 20
	handshakeSize = 256 // of the longest message before authentication
)

// digests are those that a challenge may name.
var digests = map[string]func() hash.Hash{
	ourDigest:  sha256.New,
	"sha384":   sha512.New384,
	"sha3_256": func() hash.Hash { return sha3.New256() },
	"sha3_384": func() hash.Hash { return sha3.New384() },
}

// prover is one end of a handshake.
type prover struct {
	t      transport
	key    []byte
	md5    bool
	issued *challenges // by this end
}

// newProver gives the end that listens, or the one that dials.
func newProver(t transport, o *options, issued *challenges) prover {
	return prover{t, o.key, o.md5, issued}
}

// deliver makes the other end show that it has the key.
func (p prover) deliver(ctx context.Context) error {
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	challenge := append([]byte("{"+ourDigest+"}"), nonce...)
	p.issued.add(challenge)
	defer p.issued.remove(challenge)
	if err := p.t.send(ctx, []byte(challengeMark), challenge); err != nil {
		return &AuthError{"no challenge could be sent", err}
	}
	response, err := p.receive(ctx, "the response")
	if err != nil {
		return err
	}
	verdict, reason := welcome, p.verify(challenge, response)
	if reason != "" {
		verdict = failure
	}
	err = p.t.send(ctx, []byte(verdict))
	switch {
	case reason != "":
		return &AuthError{reason, nil}
	case err != nil:
		return &AuthError{"no welcome could be sent", err}
	}
	return nil
}

// verify gives what is wrong with a response, or "".
func (p prover) verify(challenge, response []byte) string {
	want := respond(sha256.New, p.key, challenge, ourDigest)
	if hmac.Equal(response, want) {
		return ""
	}
	if len(response) == md5.Size {
		if !p.md5 {
			return "the other end answers by HMAC-MD5 as CPython before 3.12 does; see WithLegacyMD5"
		}
		if hmac.Equal(response, respond(md5.New, p.key, challenge, "")) {
			return ""
		}
	}
	return "the other end has another key"
}

// answer shows the other end that this one has the key.
func (p prover) answer(ctx context.Context) error {
	message, err := p.receive(ctx, "the challenge")
	if err != nil {
		return err
	}
	response, reason := p.response(message)
	if reason != "" {
		return &AuthError{reason, nil}
	}
	if err := p.t.send(ctx, response); err != nil {
		return &AuthError{"no response could be sent", err}
	}
	verdict, err := p.receive(ctx, "the verdict")
	switch {
	case err != nil:
		return err
	case string(verdict) == failure:
		return &AuthError{"the other end has another key", nil}
	case string(verdict) != welcome:
		return &AuthError{fmt.Sprintf("the verdict is %.40q", verdict), nil}
	}
	return nil
}

// response is what to answer to a message, or what is wrong with that.
func (p prover) response(message []byte) (response []byte, reason string) {
	challenge, ok := bytes.CutPrefix(message, []byte(challengeMark))
	if !ok {
		return nil, fmt.Sprintf("no challenge but %.40q", message)
	}
	if p.issued.has(challenge) {
		return nil, "the challenge is one of ours"
	}
	if len(challenge) == oldNonceSize {
		if !p.md5 {
			return nil, "the other end wants HMAC-MD5 as CPython before 3.12 does; see WithLegacyMD5"
		}
		return respond(md5.New, p.key, challenge, ""), ""
	}
	name, nonce, ok := strings.Cut(string(challenge), "}")
	name, braced := strings.CutPrefix(name, "{")
	digest := digests[name]
	switch {
	case !ok || !braced || digest == nil:
		return nil, fmt.Sprintf("the challenge names no digest that is good enough: %.40q", challenge)
	case len(nonce) < oldNonceSize:
		return nil, fmt.Sprintf("the challenge has %d random bytes", len(nonce))
	}
	return respond(digest, p.key, challenge, name), ""
}

// respond is the answer to a challenge by a digest of that name, or without one.
func respond(digest func() hash.Hash, key, challenge []byte, name string) []byte {
	mac := hmac.New(digest, key)
	mac.Write(challenge)
	if name == "" {
		return mac.Sum(nil)
	}
	return mac.Sum([]byte("{" + name + "}"))
}

// receive receives a message of the handshake.
func (p prover) receive(ctx context.Context, what string) ([]byte, error) {
	n, err := p.t.next(ctx)
	if err == nil && n > handshakeSize {
		err = tooLong(uint64(n), handshakeSize)
	}
	b := make([]byte, min(n, handshakeSize))
	if err == nil {
		err = p.t.take(b)
	}
	if err != nil {
		return nil, &AuthError{what + " did not come", midway(err)}
	}
	return b, nil
}
