package pipe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

// eachTransport runs a test over rings, both kinds of sockets, and TLS.
func eachTransport(t *testing.T, test func(t *testing.T, server, client *pipe.Conn)) {
	eachFamily(t, func(t *testing.T, family, address string) {
		shmWatch(t)
		server, client := connected(t, family, address)
		test(t, server, client)
	})
	t.Run("tls", func(t *testing.T) {
		shmWatch(t)
		server, client := connectedTLS(t)
		test(t, server, client)
	})
}

// eachStream is eachTransport without rings.
func eachStream(t *testing.T, test func(t *testing.T, server, client *pipe.Conn)) {
	eachTransport(t, func(t *testing.T, server, client *pipe.Conn) {
		if !overRings(server) {
			test(t, server, client)
		}
	})
}

func overRings(c *pipe.Conn) bool { return strings.HasPrefix(c.String(), "Conn(shm:") }

// numbered is message n, of a size that differs from that of its neighbours.
func numbered(n int) []byte {
	return fmt.Appendf(nil, "%08d%s", n, bytes.Repeat([]byte{byte(n)}, n*n%9973))
}

// fillUp sends numbered messages from n on until there is no room, also at the next
// hundred attempts, and gives the next n.
func fillUp(t testing.TB, c *pipe.Conn, n int) int {
	t.Helper()
	for refused := 0; refused < 100; {
		sent, err := c.TrySendBytes(numbered(n))
		if must(t, err); sent {
			n, refused = n+1, 0
		} else {
			refused++
		}
	}
	return n
}

func expectAll(t testing.TB, c *pipe.Conn, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		expectBytes(t, c, string(numbered(n)))
	}
}

// huge is a message that no socket takes at once.
var huge = bytes.Repeat([]byte("much "), 6<<20)

// trySent requires that b was accepted.
func trySent(t testing.TB, c *pipe.Conn, b []byte) {
	t.Helper()
	if sent, err := c.TrySendBytes(b); !sent || err != nil {
		t.Fatal("TrySendBytes with room: ", sent, err)
	}
}

// Nobody receives: what fits is accepted, and then nothing is, at once. What was accepted
// comes whole and in order when somebody does, and then there is room again.
func TestTrySendBytes(t *testing.T) {
	eachTransport(t, func(t *testing.T, server, client *pipe.Conn) {
		for next, got, round := 0, 0, 0; round < 3; round++ {
			next = fillUp(t, server, next)
			expectAll(t, client, got, next)
			must(t, server.Flush(t.Context()))
			for got = next; next == got; { // the kernel tells of the room a moment later
				sent, err := server.TrySendBytes(numbered(next))
				if must(t, err); sent {
					next++
				}
			}
		}
	})
}

// Several goroutines send, some of which do not wait, while another one receives: no message
// is lost, torn or comes before one that the same goroutine sent earlier.
func TestTrySendBytesBesideSendBytes(t *testing.T) {
	const senders, each = 4, 500
	eachTransport(t, func(t *testing.T, server, client *pipe.Conn) {
		var all sync.WaitGroup
		for s := range senders {
			all.Go(func() {
				for n := range each {
					b := append([]byte{byte(s)}, numbered(n)...)
					sent, err := false, error(nil)
					if n%(s+2) != 0 {
						sent, err = server.TrySendBytes(b)
					}
					if err == nil && !sent {
						err = server.SendBytes(b)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var next [senders]int
		for range senders * each {
			b, err := client.RecvBytes()
			must(t, err)
			s := b[0]
			if want := numbered(next[s]); !bytes.Equal(b[1:], want) {
				t.Fatalf("of sender %d: %.20q (%d bytes), want %.20q", s, b[1:], len(b), want)
			}
			next[s]++
		}
		all.Wait()
	})
}

// A rest goes out by itself. Others wait for it, as long as they may.
func TestTrySendBytesKeepsTheRest(t *testing.T) {
	eachStream(t, func(t *testing.T, server, client *pipe.Conn) {
		trySent(t, server, huge)
		if sent, err := server.TrySendBytes([]byte("no")); sent || err != nil {
			t.Fatal("TrySendBytes with a rest: ", sent, err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errPatience)
		defer cancel()
		is(t, "SendBytesContext", server.SendBytesContext(ctx, []byte("no")), errPatience)
		is(t, "Flush", server.Flush(ctx), errPatience)
		must(t, server.SetWriteDeadline(time.Now().Add(time.Millisecond)))
		is(t, "SendBytes", server.SendBytes([]byte("no")), os.ErrDeadlineExceeded)
		_, err := server.TrySendBytes([]byte("no"))
		is(t, "TrySendBytes", err, os.ErrDeadlineExceeded)
		must(t, server.SetWriteDeadline(time.Time{}))
		done := make(chan error)
		go func() { done <- server.SendBytes([]byte("behind")) }()
		expectBytes(t, client, string(huge))
		expectBytes(t, client, "behind")
		must(t, <-done)
		must(t, server.Flush(t.Context()))
		must(t, client.SendBytes([]byte("back"))) // the other direction knows nothing of it
		expectBytes(t, server, "back")
	})
}

// CloseWrite and Close take effect behind what was accepted, and do not wait.
func TestCloseBehindTheRest(t *testing.T) {
	for name, end := range map[string]func(c *pipe.Conn) error{
		"CloseWrite": (*pipe.Conn).CloseWrite,
		"Close":      (*pipe.Conn).Close,
		"both": func(c *pipe.Conn) error {
			return errors.Join(c.CloseWrite(), c.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachStream(t, func(t *testing.T, server, client *pipe.Conn) {
				waited := make(chan error, 2)
				go func() { _, err := server.RecvBytes(); waited <- err }()
				until(func() bool { is, _ := server.Receiving(); return is })
				trySent(t, server, huge)
				go func() { waited <- server.SendBytes([]byte("no")) }()
				until(func() bool { _, waiting := server.Sending(); return waiting == 1 })
				must(t, end(server))
				_, err := server.TrySendBytes([]byte("no"))
				if server.Closed() {
					is(t, "TrySendBytes", err, pipe.ErrClosed)
					is(t, "who waited", <-waited, pipe.ErrClosed)
					is(t, "who waited", <-waited, pipe.ErrClosed)
				}
				expectBytes(t, client, string(huge))
				_, err = client.RecvBytes()
				is(t, "at the end", err, io.EOF)
				if !server.Closed() {
					is(t, "who waited", <-waited, pipe.ErrClosed)
					must(t, client.SendBytes([]byte("back")))
					is(t, "who waited", <-waited, nil)
				}
			})
		})
	}
}

// A connection that is filled to the brim and then closed gives all of that, and then the
// end, whether the last message fits in or not.
func TestCloseWhileFull(t *testing.T) {
	for round := range 5 {
		eachTransport(t, func(t *testing.T, server, client *pipe.Conn) {
			next := fillUp(t, server, 100*round)
			must(t, server.Close())
			expectAll(t, client, 100*round, next)
			_, err := client.RecvBytes()
			is(t, "at the end", err, io.EOF)
		})
	}
}

// The other end closes in the middle of a rest.
func TestPeerClosesBeforeTheRest(t *testing.T) {
	eachStream(t, func(t *testing.T, server, client *pipe.Conn) {
		trySent(t, server, huge)
		must(t, client.Close())
		is(t, "Flush", server.Flush(t.Context()), pipe.ErrPeerGone)
		_, err := server.TrySendBytes([]byte("no"))
		is(t, "TrySendBytes", err, pipe.ErrPeerGone)
		is(t, "SendBytes", server.SendBytes([]byte("no")), pipe.ErrPeerGone)
	})
}

// eachPeer runs a test with another process at the other end, over each transport.
func eachPeer(t *testing.T, test func(t *testing.T, server *pipe.Conn, p *shmtest.Process)) {
	eachFamily(t, func(t *testing.T, family, address string) {
		shmWatch(t)
		l := listen(t, family, address)
		p := startPeer(t, l)
		test(t, accept(t, l), p)
	})
	t.Run("tls", func(t *testing.T) {
		shmWatch(t)
		forServer, _ := keyTLS(t, oneKey)
		l := listen(t, "tcp", "", forServer)
		p := startPeer(t, l, string(oneKey))
		test(t, accept(t, l), p)
	})
}

// The process at the other end is killed while nothing more fits.
func TestTrySendBytesToTheDead(t *testing.T) {
	eachPeer(t, func(t *testing.T, server *pipe.Conn, p *shmtest.Process) {
		fillUp(t, server, 0)
		p.Kill()
		for err := error(nil); err == nil; {
			if _, err = server.TrySendBytes(numbered(1)); err != nil {
				is(t, "TrySendBytes to the dead", err, pipe.ErrPeerGone)
			}
		}
	})
}

// The process that has a rest is stopped, and goes on or is killed: then the rest comes, or
// the other end is told that it has half of a message.
func TestRestOfTheStopped(t *testing.T) {
	for _, killed := range []bool{false, true} {
		eachPeer(t, func(t *testing.T, server *pipe.Conn, p *shmtest.Process) {
			if overRings(server) {
				return // nothing is kept there
			}
			p.Send("try")
			p.Expect("true <nil>")
			p.Stop()
			if ok, err := server.Poll(10 * time.Millisecond); ok || err != nil {
				t.Fatal("half of a message: ", ok, err)
			}
			if killed {
				p.Kill()
				_, err := server.RecvBytes()
				is(t, "half of a message", err, io.ErrUnexpectedEOF)
				return
			}
			p.Cont()
			expectBytes(t, server, string(huge))
		})
	}
}

// A connection with a rest is sent to another process when the rest has gone.
func TestSendConnBehindTheRest(t *testing.T) {
	shmWatch(t)
	over, end := connected(t, "unix", families[0].address(t))
	server, client := connected(t, "tcp", "")
	trySent(t, server, huge)
	sent := make(chan error)
	go func() { sent <- over.SendConn(server) }()
	expectBytes(t, client, string(huge))
	must(t, <-sent)
	moved, err := end.RecvConn()
	must(t, err)
	defer moved.Close()
	trySent(t, moved, []byte("on"))
	expectBytes(t, client, "on")
}

// What TrySendBytes refuses for good.
func TestTrySendBytesErrors(t *testing.T) {
	eachFamily(t, func(t *testing.T, family, address string) {
		shmWatch(t)
		server, _ := connected(t, family, address, pipe.WithMaxMessage(100))
		_, err := server.TrySendBytes(make([]byte, 101))
		is(t, "too long", err, pipe.ErrTooLong)
		must(t, server.SetWriteDeadline(time.Unix(1, 0)))
		_, err = server.TrySendBytes(nil)
		is(t, "late", err, os.ErrDeadlineExceeded)
		must(t, server.SetWriteDeadline(time.Time{}))
		trySent(t, server, nil)
		must(t, server.CloseWrite())
		_, err = server.TrySendBytes(nil)
		is(t, "after CloseWrite", err, pipe.ErrClosed)
		must(t, server.Close())
		_, err = server.TrySendBytes(nil)
		is(t, "after Close", err, pipe.ErrClosed)
	})
	a, b := newEnds(t, false, 1<<10)
	_, err := a.TrySendBytes(nil)
	is(t, "the wrong way", err, pipe.ErrDirection)
	if sent, err := b.TrySendBytes(make([]byte, 1<<9)); sent || err != nil {
		t.Error("in pieces: ", sent, err)
	}
	_, err = new(pipe.Conn).TrySendBytes(nil)
	is(t, "of nothing", err, pipe.ErrClosed)
}
