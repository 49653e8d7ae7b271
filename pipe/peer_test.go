package pipe_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

func init() { shmtest.Register("peer", bePeer) }

func shmWatch(t testing.TB) { shmtest.Watchdog(t, 5*time.Minute) }

// bePeer is a helper process: it dials, and does what it is told.
func bePeer(c *shmtest.Child) {
	var opts []pipe.Option
	if len(c.Args) > 2 { // the key for TLS
		_, config, err := pipe.KeyTLS([]byte(c.Args[2]))
		c.Must(err)
		opts = append(opts, pipe.WithTLS(config))
	}
	conn, err := pipe.Dial(context.Background(), c.Args[0], c.Args[1], opts...)
	c.Must(err)
	for c.Say("ready"); ; {
		what, rest, _ := strings.Cut(c.Hear(), " ")
		switch what {
		case "send":
			c.Say(conn.SendBytes([]byte(rest)))
		case "try": // a message of which a rest stays
			sent, err := conn.TrySendBytes(huge)
			c.Say(sent, err)
		case "flood": // until it is killed
			for c.Say("floods"); err == nil; {
				err = conn.SendBytes(make([]byte, 300000))
			}
		case "echo": // until the end
			for err == nil {
				var b []byte
				if b, err = conn.RecvBytes(); err == nil {
					err = conn.SendBytes(b)
				}
			}
			c.Say(err)
		case "adopt": // go on with the connection that comes over this one
			next, err := conn.RecvConn()
			c.Must(err)
			conn = next
			c.Say("adopted")
		}
	}
}

func startPeer(t testing.TB, l *pipe.Listener, key ...string) *shmtest.Process {
	t.Helper()
	p := shmtest.Start(t, "peer", append([]string{l.Family(), l.Address()}, key...)...)
	p.Expect("ready")
	return p
}
