package manager_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/ring"
)

func init() {
	shmtest.Register("joinable-consumer", consumeJoinable)
}

// TestJoinableElsewhere is TestQueueElsewhere for a JoinableQueue, and Join.
//
// conformance: MS-10, Q-06
func TestJoinableElsewhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		j, err := manager.NewJoinableQueue[int](w.dial(t), 2, manager.Named("q"))
		must(t, err)
		must(t, j.Put(5))
		must(t, j.PutContext(context.Background(), 6))
		is(t, "j.TryPut(7)", j.TryPut(7), ring.ErrFull)
		is(t, "j.TaskDone()", j.TaskDone(), ring.ErrTaskDone)
		p := w.start(t, "queue-twoitems", "joinable")
		p.Expect("taken")
		must(t, j.Join(context.Background()))
		must(t, differs(j.Len(), 0))
		_, err = j.TryGet()
		is(t, "Get of nothing", err, ring.ErrEmpty)
		p.Send("end")
		p.Wait()
	})
}

// consumeJoinable takes and does messages until one is "stop"; "hold" it takes and keeps.
func consumeJoinable(c *shmtest.Child) {
	j, err := manager.OpenJoinableQueue[string](dialed(c), "q")
	c.Must(err)
	for {
		s, err := j.Get()
		c.Must(err)
		switch s {
		case "hold":
			c.Say("held")
			c.Park()
		case "stop":
			c.Must(j.TaskDone())
			return
		}
		c.Must(j.TaskDone())
	}
}

// TestJoinableConsumerDies: what the dead had taken and not done is done by another, counted
// once, and Join waits for that.
//
// conformance: Q-06
func TestJoinableConsumerDies(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		j, err := manager.NewJoinableQueue[string](w.dial(t), 0, manager.Named("q"))
		must(t, err)
		p := w.start(t, "joinable-consumer")
		n, err := j.PutN([]string{"a", "hold", "b"})
		must(t, errors.Join(err, differs(n, 3)))
		p.Expect("held")
		joined := make(chan error, 1)
		go func() { joined <- j.Join(context.Background()) }()
		awaitInfo(t, j, func(i manager.QueueInfo) bool { return i.Joining })
		must(t, differs(j.Unfinished(), 2))
		p.Kill()
		awaitInfo(t, j, func(i manager.QueueInfo) bool { return i.Len == 2 })
		for _, want := range []string{"hold", "b"} {
			s, err := j.Get()
			must(t, errors.Join(err, differs(s, want)))
		}
		must(t, j.TaskDone())
		select {
		case err := <-joined:
			t.Fatal("joined before all was done: ", err)
		default:
		}
		must(t, j.TaskDone())
		must(t, <-joined)
		is(t, "j.TaskDone()", j.TaskDone(), ring.ErrTaskDone)
		ctx, cancel := context.WithCancel(context.Background())
		must(t, j.Put("x"))
		go func() {
			awaitInfo(t, j, func(i manager.QueueInfo) bool { return i.Joining })
			cancel()
		}()
		is(t, "j.Join(ctx)", j.Join(ctx), context.Canceled)
		for range 4 {
			w.start(t, "joinable-consumer")
		}
		for i := range 10 {
			must(t, j.Put(fmt.Sprint(i)))
		}
		n, err = j.PutN([]string{"stop", "stop", "stop", "stop"})
		must(t, errors.Join(err, differs(n, 4)))
		must(t, j.Join(context.Background()))
	})
}

// TestJoinableHandle: a message is of the handle through which it was taken, and goes back
// with it.
func TestJoinableHandle(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		j, err := manager.NewJoinableQueue[int](c, 0, manager.Named("q"))
		must(t, err)
		other, err := manager.OpenJoinableQueue[int](c, "q")
		must(t, err)
		_, err = j.PutN([]int{1, 2, 3, 4, 5})
		must(t, err)
		list := make([]int, 3)
		n, err := other.GetN(list)
		must(t, errors.Join(err, differs(n, 3), differs(fmt.Sprint(list), "[1 2 3]")))
		is(t, "j.TaskDone()", j.TaskDone(), ring.ErrTaskDone)
		must(t, other.TaskDone())
		must(t, differs(j.Unfinished(), 4))
		must(t, other.Detach())
		l, err := j.Lease()
		must(t, errors.Join(err, differs(*l.Value, 2), differs(l.Deliveries(), 1)))
		is(t, "j.TaskDone()", j.TaskDone(), ring.ErrTaskDone)
		must(t, l.Ack())
		forget(t, c)
		awaitInfo(t, j, func(i manager.QueueInfo) bool { runtime.GC(); return i.Len == 3 })
		must(t, differs(j.Unfinished(), 3))
		must(t, j.Close())
		for want := range 3 {
			n, err := j.Get()
			must(t, errors.Join(err, differs(n, want+3)))
			must(t, j.TaskDone())
		}
		_, err = j.Get()
		is(t, "Get of a closed queue", err, ring.ErrClosed)
		must(t, j.Join(context.Background()))
	})
}

// forget takes a message through a handle that nobody has afterwards.
func forget(t *testing.T, c *manager.Client) {
	j, err := manager.OpenJoinableQueue[int](c, "q")
	must(t, err)
	n, err := j.Get()
	must(t, errors.Join(err, differs(n, 3)))
}
