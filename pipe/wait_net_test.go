package pipe_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

func init() { shmtest.Register("tenDialed", beTen) }

// beTen sends ten messages and ends.
func beTen(c *shmtest.Child) {
	conn, err := pipe.Dial(context.Background(), c.Args[0], c.Args[1])
	c.Must(err)
	for n := range 10 {
		c.Must(conn.SendBytes(fmt.Appendf(nil, "%s %d", c.Args[2], n)))
		if c.Args[3] == "slow" {
			time.Sleep(time.Duration(n) * time.Millisecond) // who waits sleeps in between
		}
	}
	conn.Close()
}

// Four writers send ten messages each: all come once, and then four ends.
// conformance: WT-01, WT-02, WT-03
func TestWaitForEachFamily(t *testing.T) {
	shmWatch(t)
	for _, pace := range []string{"fast", "slow"} {
		eachFamily(t, func(t *testing.T, family, address string) {
			l := listen(t, family, address)
			var conns []*pipe.Conn
			for n := range 4 {
				shmtest.Start(t, "tenDialed", family, l.Address(), fmt.Sprint(n), pace)
				conns = append(conns, accept(t, l))
			}
			got := map[string]int{}
			for len(conns) > 0 {
				ready, err := pipe.Wait(t.Context(), conns...)
				must(t, err)
				for _, c := range ready {
					b, err := c.RecvBytes()
					if err == io.EOF {
						i := 0
						for conns[i] != c {
							i++
						}
						conns = append(conns[:i:i], conns[i+1:]...)
						continue
					}
					must(t, err)
					got[string(b)]++
				}
			}
			for n := range 40 {
				if key := fmt.Sprint(n/10, " ", n%10); got[key] != 1 {
					t.Errorf("%q came %d times", key, got[key])
				}
			}
		})
	}
}

// conformance: WT-04, WT-06
func TestWaitForEachFamilyGivesUp(t *testing.T) {
	shmWatch(t)
	eachFamily(t, func(t *testing.T, family, address string) {
		server, client := connected(t, family, address)
		other, _ := newEnds(t, true, pipe.Room)
		for _, patience := range []time.Duration{-time.Second, 0, 10 * time.Millisecond} {
			began := time.Now()
			ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errPatience)
			ready, err := pipe.Wait(ctx, other, server)
			cancel()
			if is(t, "Wait", err, errPatience); len(ready) > 0 || time.Since(began) < patience {
				t.Error(ready, time.Since(began))
			}
			ctx, cancel = context.WithTimeoutCause(t.Context(), patience, errPatience)
			_, err = pipe.Wait(ctx)
			cancel()
			is(t, "Wait for nobody", err, errPatience)
		}
		go client.SendBytes([]byte("hello"))
		ready, err := pipe.Wait(t.Context(), other, server)
		if must(t, err); len(ready) != 1 || ready[0] != server {
			t.Error(ready)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // it is not looked at: something is there
		ready, err = pipe.Wait(ctx, server, other, server)
		if must(t, err); len(ready) != 2 {
			t.Error(ready)
		}
		expectBytes(t, server, "hello")
		// An end, and a connection that is closed, are ready.
		must(t, client.Close())
		must(t, other.Close())
		ready, err = pipe.Wait(t.Context(), other, server)
		if must(t, err); !bytes.Contains([]byte("12"), fmt.Append(nil, len(ready))) {
			t.Error(ready)
		}
	})
}
