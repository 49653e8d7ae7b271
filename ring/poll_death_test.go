package ring_test

import (
	"errors"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

func init() { shmtest.Register("polled", bePolled) }

// bePolled takes a message of each queue, and keeps it.
func bePolled(c *shmtest.Child) {
	plain, text, join := new(ring.Queue[message]), new(ring.Queue[string]), new(ring.Joinable[message])
	c.Must(plain.UnmarshalText([]byte(c.Args[0])))
	c.Must(text.UnmarshalText([]byte(c.Args[1])))
	c.Must(join.UnmarshalText([]byte(c.Args[2])))
	_, err := plain.Lease()
	c.Must(err)
	_, err = text.Lease()
	c.Must(err)
	_, err = join.Get()
	c.Must(err)
	c.Say("holds")
	c.Park()
}

// Who only asks now and then, and never waits, gets what a dead consumer had: nobody else
// uses the queues, so nobody else can find out.
func TestPollingFindsTheDead(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := segment(t)
	plain, err := ring.NewIn[message](seg, "plain", 2)
	must(t, err)
	defer plain.Detach()
	text, err := ring.NewIn[string](seg, "text", 2)
	must(t, err)
	defer text.Detach()
	join, err := ring.NewJoinableIn[message](seg, "join", 2)
	must(t, err)
	defer join.Detach()
	list := make([]message, 2)
	for name, polls := range map[string][3]func() error{
		"get": {
			func() error { _, err := plain.TryGet(); return err },
			func() error { _, err := text.TryGet(); return err },
			func() error { _, err := join.TryGet(); return errors.Join(err, join.TaskDone()) },
		},
		"lease": {
			func() error { return acked(plain.TryLease()) },
			func() error { return acked(text.TryLease()) },
			func() error { return acked(join.TryLease()) },
		},
		"many": {
			func() error { _, err := plain.TryGetN(list); return err },
			func() error { _, err := text.TryGetN(make([]string, 2)); return err },
			func() error { _, err := join.TryGet(); return errors.Join(err, join.TaskDone()) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			must(t, plain.Put(messageOf(1, 1)))
			must(t, text.Put("once"))
			must(t, join.Put(messageOf(2, 2)))
			child := shmtest.Start(t, "polled", handleText(t, plain), handleText(t, text), handleText(t, join))
			child.Expect("holds")
			child.Kill()
			for _, poll := range polls {
				err := poll()
				for ; errors.Is(err, ring.ErrEmpty); err = poll() {
					time.Sleep(time.Millisecond)
				}
				must(t, err)
			}
		})
	}
}

// acked acknowledges what a TryLease gave.
func acked[T any](l *ring.Lease[T], err error) error {
	if err != nil {
		return err
	}
	return l.Ack()
}

func handleText(t *testing.T, q interface{ MarshalText() ([]byte, error) }) string {
	t.Helper()
	text, err := q.MarshalText()
	must(t, err)
	return string(text)
}
