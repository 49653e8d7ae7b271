package manager_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/ring"
)

func init() {
	shmtest.Register("queue-twoitems", takeTwo)
	shmtest.Register("queue-holder", holdMessages)
}

// takeTwo is what Python's test does in the child.
func takeTwo(c *shmtest.Child) {
	client := dialed(c)
	var q interface {
		Get() (int, error)
		Len() int
		Cap() int
	}
	done := func() error { return nil }
	if c.Args[2] == "queue" {
		plain, err := manager.OpenQueue[int](client, "q")
		c.Must(err)
		q = plain
	} else {
		j, err := manager.OpenJoinableQueue[int](client, "q")
		c.Must(err)
		q, done = j, j.TaskDone
	}
	c.Must(errors.Join(differs(q.Len(), 2), differs(q.Cap(), 2)))
	for _, want := range []int{5, 6} {
		n, err := q.Get()
		c.Must(errors.Join(err, differs(n, want), done()))
	}
	c.Must(differs(q.Len(), 0))
	c.Say("taken")
	c.Hear()
	c.Must(client.Close())
}

func differs[T comparable](got, want T) error {
	if got != want {
		return fmt.Errorf("got %v, want %v: %w", got, want, errSame)
	}
	return nil
}

var errSame = errors.New("not the same")

// TestQueueElsewhere: a queue that another process empties.
//
// conformance: MS-09, Q-02, Q-04
func TestQueueElsewhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		q, err := manager.NewQueue[int](w.dial(t), 2, manager.Named("q"))
		must(t, err)
		must(t, q.Put(5))
		must(t, q.TryPut(6))
		if q.Len() != 2 || q.Cap() != 2 {
			t.Fatalf("Len %d, Cap %d", q.Len(), q.Cap())
		}
		is(t, "q.TryPut(7)", q.TryPut(7), ring.ErrFull)
		p := w.start(t, "queue-twoitems", "queue")
		p.Expect("taken")
		if q.Len() != 0 {
			t.Fatalf("Len %d", q.Len())
		}
		_, err = q.TryGet()
		is(t, "Get of nothing", err, ring.ErrEmpty)
		p.Send("end")
		p.Wait()
	})
}

// holdMessages takes messages in several ways, and keeps them.
func holdMessages(c *shmtest.Child) {
	client := dialed(c)
	q, err := manager.OpenQueue[int](client, "q")
	c.Must(err)
	n, err := q.Get()
	c.Must(err)
	l, err := q.Lease()
	c.Must(err)
	c.Say(fmt.Sprint(n, *l.Value, l.Deliveries()))
	if c.Hear() == "ack" {
		c.Must(l.Ack())
		c.Say("acked")
	}
	c.Park()
}

// TestQueueHolderDies: what a client has by Lease goes to another one when it is killed,
// ahead of newer ones; what Get returned does not.
func TestQueueHolderDies(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		q, err := manager.NewQueue[int](w.dial(t), 10, manager.Named("q"))
		must(t, err)
		n, err := q.PutN([]int{1, 2, 3})
		must(t, errors.Join(err, differs(n, 3)))
		p := w.start(t, "queue-holder")
		p.Expect("1 2 0")
		got := make(chan *manager.Lease[int])
		for range 2 {
			l, err := q.Lease()
			must(t, err)
			if *l.Value == 3 {
				go func() {
					l, err := q.Lease() // waits
					if err != nil {
						t.Error(err)
					}
					got <- l
				}()
				awaitInfo(t, q, func(i manager.QueueInfo) bool { return i.Getting })
				must(t, l.Nack())
				break
			}
		}
		back := <-got
		must(t, differs(*back.Value, 3))
		must(t, differs(back.Deliveries(), 1))
		p.Kill()
		l, err := q.Lease()
		must(t, err)
		must(t, differs(*l.Value, 2))
		must(t, differs(l.Deliveries(), 1))
		must(t, l.Ack())
		is(t, "l.Ack()", l.Ack(), ring.ErrNotHeld)
		must(t, back.Ack())
		i, err := q.Info()
		must(t, err)
		if i.Unfinished != 0 || i.Puts != 3 || i.Gets != 3 || i.Redelivered != 2 {
			t.Errorf("%+v", i)
		}
	})
}

// awaitInfo waits until a queue is in a state: the server says so, and no time is taken.
func awaitInfo(t testing.TB, q interface {
	Info() (manager.QueueInfo, error)
}, good func(manager.QueueInfo) bool) {
	t.Helper()
	for {
		i, err := q.Info()
		must(t, err)
		if good(i) {
			return
		}
	}
}

// TestQueueContexts: who gives up has taken nothing, or gets it.
//
// conformance
func TestQueueContexts(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		q, err := manager.NewQueue[string](dial(), 1)
		must(t, err)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
		defer cancel()
		_, err = q.GetContext(ctx)
		is(t, "GetContext", err, context.DeadlineExceeded)
		if time.Since(begin) < 30*time.Millisecond {
			t.Error("too early")
		}
		must(t, q.PutContext(ctx, "one")) // nobody waits for it
		over, end := context.WithCancelCause(context.Background())
		cause := errors.New("enough")
		go func() {
			awaitInfo(t, q, func(i manager.QueueInfo) bool { return i.Putting })
			end(cause)
		}()
		n, err := q.PutNContext(over, []string{"two", "three"})
		is(t, "PutNContext", err, cause)
		must(t, differs(n, 0))
		is(t, "q.Ctx(over).Put(two)", q.Ctx(over).Put("two"), cause)
		s, err := q.Get()
		must(t, errors.Join(err, differs(s, "one")))
		must(t, differs(q.Len(), 0))
	})
}

// TestQueueRace: a Get whose context ends at any time takes a message and returns it, or
// neither.
func TestQueueRace(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		q, err := manager.NewQueue[int](dial(), 0)
		must(t, err)
		var got []int
		const n = 300
		for i := 0; i < n; i++ {
			ctx, cancel := context.WithCancel(context.Background())
			go func() {
				if i%2 == 0 {
					cancel()
				}
				if err := q.Put(i); err != nil {
					t.Error(err)
				}
				cancel()
			}()
			v, err := q.GetContext(ctx)
			if err == nil {
				got = append(got, v)
			} else if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		for len(got) < n {
			v, err := q.Get()
			must(t, err)
			got = append(got, v)
		}
		slices.Sort(got)
		if len(slices.Compact(got)) != n {
			t.Fatalf("%d different ones of %d", len(slices.Compact(got)), n)
		}
		i, err := q.Info()
		must(t, err)
		if i.Unfinished != 0 {
			t.Errorf("%+v", i)
		}
	})
}

// TestQueueClose: who puts is told, who gets drains first.
//
// conformance
func TestQueueClose(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		q, err := manager.NewQueue[[]byte](dial(), 1)
		must(t, err)
		must(t, q.Put([]byte("x")))
		put := make(chan error)
		go func() { put <- q.Put([]byte("y")) }()
		awaitInfo(t, q, func(i manager.QueueInfo) bool { return i.Putting })
		must(t, q.Close())
		must(t, q.Close())
		is(t, "the Put that waited", <-put, ring.ErrClosed)
		n := 0
		for b, err := range q.All() {
			must(t, err)
			must(t, differs(string(b), "x"))
			n++
		}
		must(t, differs(n, 1))
		_, err = q.TryGet()
		is(t, "Get of a closed queue", err, ring.ErrClosed)
		_, err = q.Get()
		is(t, "Get of a closed queue", err, ring.ErrClosed)
		must(t, q.Detach())
		is(t, "q.Detach()", q.Detach(), manager.ErrClosed)
		is(t, "q.Put(nil)", q.Put(nil), manager.ErrClosed)
	})
}

// TestQueueBatches: many messages in a round trip, and many MiB in several.
func TestQueueBatches(t *testing.T) {
	type message struct {
		N    int
		Text string
	}
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		q, err := manager.NewQueue[message](dial(), 0)
		must(t, err)
		list := make([]message, 3000)
		for i := range list {
			list[i] = message{i, string(make([]byte, 1000))}
		}
		n, err := q.PutN(list)
		must(t, errors.Join(err, differs(n, len(list))))
		got := make([]message, 0, len(list))
		room := make([]message, len(list))
		for len(got) < len(list) {
			n, err := q.GetN(room)
			must(t, err)
			got = append(got, room[:n]...)
		}
		if !slices.Equal(got, list) {
			t.Error("not what was put")
		}
		_, err = q.TryGetN(room)
		is(t, "Get of nothing", err, ring.ErrEmpty)
		small, err := manager.NewQueue[int](dial(), 0, manager.MaxBytes(1000))
		must(t, err)
		n, err = small.PutN(make([]int, 100))
		is(t, "PutN", err, ring.ErrFull)
		must(t, differs(n, 1000/73))
		_, err = manager.NewQueue[int](dial(), -1)
		is(t, "NewQueue", err, ring.ErrCapacity)
	})
}

// TestQueueBadMessage: one that the receiver cannot decode is taken, and the queue goes on.
//
// conformance: Q-07
func TestQueueBadMessage(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		texts, err := manager.NewQueue[string](c, 0, manager.Named("q"))
		must(t, err)
		numbers, err := manager.OpenQueue[int](c, "q")
		must(t, err)
		_, err = texts.PutN([]string{"a", "b", "c"})
		must(t, err)
		must(t, numbers.Put(7))
		if _, err := numbers.Get(); err == nil {
			t.Fatal("a text is no number")
		}
		list := make([]int, 9)
		if n, err := numbers.GetN(list); err == nil || n != 0 {
			t.Fatalf("%d messages, %v", n, err)
		}
		s, err := texts.Get()
		must(t, errors.Join(err, differs(s, "c")))
		n, err := numbers.GetN(list)
		must(t, errors.Join(err, differs(n, 1), differs(list[0], 7)))
		i, err := numbers.Info()
		must(t, errors.Join(err, differs(i.Unfinished, 0)))
	})
}
