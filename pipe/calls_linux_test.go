package pipe_test

import (
	"slices"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
)

func init() { shmtest.Register("calls", callsOfPipe) }

const manyCalls = 100000

// callsOfPipe sends and receives, while nobody sleeps: first a few to warm up, then many.
func callsOfPipe(c *shmtest.Child) {
	a, b, err := pipe.New(true)
	c.Must(err)
	defer a.Close()
	defer b.Close()
	text, buf := []byte("a message of some bytes"), make([]byte, 100)
	for what, do := range map[string]func() error{
		"values": func() error {
			if err := a.Send(42); err != nil {
				return err
			}
			_, err := pipe.Recv[int](b)
			return err
		},
		"bytes": func() error {
			if err := b.SendBytes(text); err != nil {
				return err
			}
			_, err := a.RecvInto(buf)
			return err
		},
	} {
		for range 1000 {
			c.Must(do())
		}
		c.Traced(what, func() {
			for range manyCalls {
				c.Must(do())
			}
		})
	}
}

// While nobody sleeps, Send and Recv make no system call.
func TestNoSystemCalls(t *testing.T) {
	found := shmtest.Calls(t, "calls")
	for _, what := range []string{"values", "bytes"} {
		calls, ok := found[what]
		ours := slices.DeleteFunc(slices.Clone(calls), shmtest.OfRuntime)
		t.Logf("%s: %d messages made %d system calls; the runtime made %d", what, manyCalls, len(ours), len(calls)-len(ours))
		if !ok || len(ours) > 0 {
			t.Errorf("%s: measured: %v, calls %q", what, ok, ours[:min(len(ours), 10)])
		}
	}
}
