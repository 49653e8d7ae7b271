package pipe_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"shmkit/pipe"
)

func namesTLS(t testing.TB, who string, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("%s: %v, which does not name TLS", who, err)
	}
}

// One end has TLS and the other has not: whoever hears of it says so, and at once.
func TestTLSOnOneSide(t *testing.T) {
	forServer, forClient := certificate(t)
	withKey := pipe.WithKey([]byte("key"))
	hour := pipe.WithHandshakeTimeout(time.Hour)
	t.Run("the client, with a key", func(t *testing.T) {
		shmWatch(t)
		l, refused := refusing(t, withKey, hour)
		_, err := pipe.Dial(t.Context(), "tcp", l.Address(), pipe.WithTLS(forClient), withKey, hour)
		is(t, "who dials", err, pipe.ErrTLS)
		err = <-refused
		is(t, "who listens", err, pipe.ErrTLS)
		is(t, "who listens", err, pipe.ErrAuth)
	})
	t.Run("the client", func(t *testing.T) {
		shmWatch(t)
		l := listen(t, "tcp", "")
		dialed := make(chan error)
		go func() {
			_, err := pipe.Dial(t.Context(), "tcp", l.Address(), pipe.WithTLS(forClient), hour)
			dialed <- err
		}()
		server := accept(t, l)
		for range 2 {
			_, err := server.RecvBytes()
			is(t, "who listens", err, pipe.ErrTLS)
		}
		must(t, server.Close())
		namesTLS(t, "who dials", <-dialed)
	})
	t.Run("the server", func(t *testing.T) {
		shmWatch(t)
		l, refused := refusing(t, pipe.WithTLS(forServer), hour)
		client := dial(t, l)
		must(t, client.SendBytes([]byte("hello")))
		is(t, "who listens", <-refused, pipe.ErrTLS)
		_, err := client.RecvBytes()
		is(t, "who dials", err, pipe.ErrTLS)
	})
	// Each waits for the other to begin.
	t.Run("the server, with a key", func(t *testing.T) {
		shmWatch(t)
		l, refused := refusing(t, pipe.WithTLS(forServer), withKey, pipe.WithHandshakeTimeout(200*time.Millisecond))
		_, err := pipe.Dial(t.Context(), "tcp", l.Address(), withKey, pipe.WithHandshakeTimeout(50*time.Millisecond))
		is(t, "who dials", err, os.ErrDeadlineExceeded)
		namesTLS(t, "who dials", err)
		namesTLS(t, "who listens", <-refused)
	})
}
