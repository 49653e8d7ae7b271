package ring_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"shmkit/array"
	"shmkit/ring"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

type (
	order struct {
		ID   string
		Done chan struct{}
	}
	orders struct {
		N      int
		Orders [2]struct{ Done chan struct{} }
	}
	account struct {
		ID      string
		balance int
	}
	cached struct {
		ID   string
		size int `cbor:"-"`
	}
)

// refused fails unless err says that a field is the reason.
func refused(t *testing.T, what string, err error, field string, lost bool) {
	t.Helper()
	var encode *ring.EncodeError
	var f *ring.FieldError
	if !errors.As(err, &encode) || !errors.As(err, &f) || f.Field != field || f.Lost != lost {
		t.Errorf("%s: %v", what, err)
	}
}

// A type that cannot be sent, or not all of it, is refused when a queue of it is to be made or
// opened, not when the first message is lost.
func TestTypesThatCannotBeSent(t *testing.T) {
	seg := segment(t)
	refused(t, "New of channels", second(ring.NewIn[chan int](seg, "a", 1)), "", false)
	refused(t, "New", second(ring.NewIn[order](seg, "a", 1)), "Done", false)
	refused(t, "New with CBOR", second(ring.NewIn[order](seg, "a", 1, ring.WithCodec(ring.CBOR))), "Done", false)
	refused(t, "Open", second(ring.Open[[]order](seg, "a")), "[].Done", false)
	refused(t, "NewJoinable", second(ring.NewJoinableIn[order](seg, "a", 1)), "Done", false)
	refused(t, "OpenJoinable", second(ring.OpenJoinable[order](seg, "a")), "Done", false)
	refused(t, "New of hidden fields", second(ring.NewIn[*account](seg, "a", 1)), "balance", true)
	_, err := ring.Open[string](seg, "a")
	if err == nil {
		t.Error("one that was refused is there")
	}
	for name, err := range map[string]error{
		"SPSC":      second(ring.NewSPSCIn[orders](seg, "a", 1)),
		"Broadcast": second(ring.NewBroadcastIn[orders](seg, "a", 1)),
	} {
		if !errors.Is(err, shm.ErrType) || !strings.HasSuffix(err.Error(), "field Orders[].Done is a chan struct {}") {
			t.Errorf("a %s of channels: %v", name, err)
		}
	}
	own, err := ring.NewIn[order](seg, "own", 1, ring.WithCodec(liar{})) // it may know what to do
	must(t, err)
	must(t, own.Detach())
}

// Who says so may lose fields, and a handle of such a queue can be opened.
func TestLossIsMeant(t *testing.T) {
	q, err := ring.NewIn[account](segment(t), "q", 2, ring.WithCodec(ring.CBOR))
	must(t, err)
	defer q.Detach()
	must(t, q.Put(account{"a", 7}))
	other := new(ring.Queue[account])
	must(t, other.UnmarshalText([]byte(handleText(t, q))))
	defer other.Detach()
	if got, err := other.Get(); err != nil || got != (account{"a", 0}) {
		t.Errorf("got %+v, %v", got, err)
	}
	tagged := newMessages[cached](t, 1)
	must(t, tagged.Put(cached{"b", 7}))
	if got, err := tagged.Get(); err != nil || got.ID != "b" || got.size != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// What lies behind an interface is looked at when it is put.
func TestLossBehindInterface(t *testing.T) {
	q := newMessages[any](t, 1)
	refused(t, "Put", q.Put(account{"a", 7}), "balance", true)
	refused(t, "Put", q.Put([]chan int{nil}), "[]", false)
	must(t, q.Put(nil))
	if v, err := q.Get(); v != nil || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
}

// tantrum cannot be decoded: its method panics.
type tantrum struct{ Text string }

func (*tantrum) MarshalBinary() ([]byte, error) { return []byte("x"), nil }
func (*tantrum) UnmarshalBinary([]byte) error   { panic("tantrum") }

// A panic of what decodes a message is the caller's, and leaves nothing in flight: the
// message is gone, as any that cannot be decoded.
func TestPanicOfDecoder(t *testing.T) {
	q := newMessages[tantrum](t, 1)
	for name, take := range map[string]func() error{
		"get":   func() error { return second(q.Get()) },
		"lease": func() error { return second(q.Lease()) },
		"many":  func() error { return second(q.GetN(make([]tantrum, 1))) },
	} {
		must(t, q.Put(tantrum{}))
		panics(t, name, take)
		if n := free(t, q); n != 65 {
			t.Errorf("%s: %d blocks are free, want 65", name, n)
		}
	}
	j, err := ring.NewJoinableIn[tantrum](segment(t), "join", 1)
	must(t, err)
	defer j.Detach()
	must(t, j.Put(tantrum{}))
	panics(t, "join", func() error { return second(j.Get()) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, j.Join(ctx))
}

func panics(t *testing.T, what string, f func() error) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	f()
}

// Handles of all kinds can be sent, as parts of a message too.
func TestHandlesCanBeSent(t *testing.T) {
	type handles struct {
		Value     *value.Value[float64]
		Array     *array.Array[int32]
		Mutex     *shsync.Mutex
		RWMutex   *shsync.RWMutex
		Recursive *shsync.RecursiveMutex
		Cond      *shsync.Cond
		Once      *shsync.Once
		WaitGroup *shsync.WaitGroup
		Event     *shsync.Event
		Barrier   *shsync.Barrier
		Permits   *shsync.Permits
		Semaphore *shsync.Semaphore
		Bounded   *shsync.BoundedSemaphore
		Queue     *ring.Queue[string]
		Joinable  *ring.Joinable[string]
		SPSC      *ring.SPSC[int]
		Records   *ring.Records
		Broadcast *ring.Broadcast[int]
		Handle    shm.Handle
		Lists     map[string][]*shsync.Event
	}
	q, err := ring.NewIn[handles](segment(t), "handles", 1)
	must(t, err)
	must(t, q.Detach())
}
