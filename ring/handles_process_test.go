package ring_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pipe"
	"shmkit/ring"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

func init() { shmtest.Register("handles", beHandles) }

// cargo is a message full of shared objects.
type cargo struct {
	Name  string
	Count *value.Value[uint64]
	Lock  *shsync.Mutex
	Back  *ring.Queue[string]
	More  []*value.Value[uint64]
	By    map[string]*ring.Queue[uint64]
	End   *pipe.Conn
	None  *shsync.Mutex
}

// beHandles takes a cargo and uses all of it, or sends one whose objects die with it.
func beHandles(c *shmtest.Child) {
	q := new(ring.Queue[cargo])
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	c.Say("ready")
	if c.Hear() == "send" {
		n, err := value.New(uint64(1))
		c.Must(err)
		c.Must(q.Put(cargo{Name: "lost", Count: n}))
		c.Say("sent")
		c.Park()
	}
	x, err := q.Get()
	c.Must(err)
	c.Must(x.Lock.Lock())
	x.Count.Add(1)
	c.Must(x.Lock.Unlock())
	for i, n := range x.More {
		n.Store(uint64(i) + 10)
	}
	c.Must(x.By["numbers"].Put(42))
	c.Must(x.End.Send("through the pipe"))
	c.Must(x.Back.Put(fmt.Sprint(x.Name, " ", x.None == nil)))
	c.Say("done")
}

func startHandles(t *testing.T, q *ring.Queue[cargo]) *shmtest.Process {
	t.Helper()
	text, err := q.MarshalText()
	must(t, err)
	p := shmtest.Start(t, "handles", string(text))
	p.Expect("ready")
	return p
}

// Shared objects travel through a queue, alone, in structs, slices and maps, to another
// process, which uses them.
func TestHandlesTravel(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q, err := ring.New[cargo](4)
	must(t, err)
	defer q.Detach()
	p := startHandles(t, q)
	x := cargo{Name: "cargo"}
	x.Count, err = value.New(uint64(6))
	must(t, err)
	x.Lock, err = shsync.NewMutex()
	must(t, err)
	x.Back, err = ring.New[string](2)
	must(t, err)
	for range 3 {
		n, err := value.New(uint64(0))
		must(t, err)
		x.More = append(x.More, n)
	}
	numbers, err := ring.New[uint64](2)
	must(t, err)
	x.By = map[string]*ring.Queue[uint64]{"numbers": numbers}
	mine, other, err := pipe.New(true)
	must(t, err)
	x.End = other
	must(t, q.Put(x))
	p.Send("take")
	if s, err := x.Back.Get(); s != "cargo true" || err != nil {
		t.Errorf("came back: %q %v", s, err)
	}
	p.Expect("done")
	if s, err := pipe.Recv[string](mine); s != "through the pipe" || err != nil {
		t.Errorf("received %q %v", s, err)
	}
	if n, err := numbers.Get(); n != 42 || err != nil {
		t.Errorf("got %d %v", n, err)
	}
	if x.Count.Load() != 7 || x.More[2].Load() != 12 {
		t.Errorf("count %d, more %v", x.Count.Load(), x.More)
	}
	p.Wait()
	closeAll(t, x, mine, numbers)
}

func closeAll(t *testing.T, x cargo, mine *pipe.Conn, numbers *ring.Queue[uint64]) {
	t.Helper()
	for _, n := range x.More {
		must(t, n.Close())
	}
	must(t, errors.Join(x.Count.Close(), x.Lock.Close(), x.Back.Detach(), numbers.Detach(), mine.Close(), x.End.Close()))
}

// A queue of nothing but handles.
func TestQueueOfHandles(t *testing.T) {
	q := newMessages[*value.Value[uint64]](t, 2)
	n, err := value.NewIn(segment(t), "n", uint64(5))
	must(t, err)
	must(t, q.Put(n))
	same, err := q.Get()
	must(t, err)
	if same.Add(1); n.Load() != 6 {
		t.Errorf("%d, want 6", n.Load())
	}
	must(t, errors.Join(same.Close(), n.Close()))
}

// A handle in a queue keeps its object alive no longer than the process that sent it, or
// anybody else who has it open. Then the message tells so, and the queue goes on.
func TestHandleOfTheDead(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q, err := ring.New[cargo](4)
	must(t, err)
	defer q.Detach()
	p := startHandles(t, q)
	p.Send("send")
	p.Expect("sent")
	p.Kill()
	must(t, q.Put(cargo{Name: "next"}))
	_, err = q.Get()
	var bad *ring.DecodeError
	if !errors.As(err, &bad) || !errors.Is(err, shm.ErrGone) || len(bad.Raw) == 0 {
		t.Errorf("Get: %v", err)
	}
	if x, err := q.Get(); x.Name != "next" || err != nil {
		t.Errorf("got %+v %v", x, err)
	}
}
