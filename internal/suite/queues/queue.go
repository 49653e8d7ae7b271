package queues

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"shmkit/internal/suite"
	"shmkit/ring"
)

// Queue is what a queue must do. Close is for everybody, Detach for the handle.
type Queue interface {
	MarshalText() ([]byte, error)
	Put(m Message) error
	PutContext(ctx context.Context, m Message) error
	TryPut(m Message) error
	Get() (Message, error)
	GetContext(ctx context.Context) (Message, error)
	TryGet() (Message, error)
	Len() int
	Cap() int
	Close() error
	Detach() error
}

// opener is a queue that opens itself from a text.
type opener[T any] interface {
	*T
	Queue
	UnmarshalText([]byte) error
}

// handle is a queue in the way of package suite: it is given up by Detach.
type handle[Q Queue] struct{ q Q }

func (h handle[Q]) MarshalText() ([]byte, error) { return h.q.MarshalText() }

func (h handle[Q]) Close() error {
	if err := h.q.Detach(); !errors.Is(err, ring.ErrDetached) {
		return err
	}
	return nil // by the test
}

func (h handle[Q]) queue() Queue { return h.q }

// capacities are those that behaviours need.
var capacities = []int{1, 2, 3, 4, 6, 7, 8, 64, 100}

// AddQueue makes queues known to a world: kind "queue6" has a capacity of 6.
func AddQueue[Q opener[T], T any](w *suite.World, make func(at suite.Place, capacity int) (Q, error)) {
	for _, n := range capacities {
		addKind(w, "queue", n, make, func(q Q) suite.Perform {
			return func(args []string) string { return perform(q, args) }
		})
	}
}

func addKind[Q opener[T], T any](w *suite.World, kind string, n int, make func(at suite.Place, capacity int) (Q, error), perform func(q Q) suite.Perform) {
	w.Add(fmt.Sprint(kind, n), suite.Kind{
		Make: func(at suite.Place) (suite.Handle, error) {
			q, err := make(at, n)
			return handle[Q]{q}, err
		},
		Open: func(text string) (suite.Handle, suite.Perform, error) {
			q := Q(new(T))
			return handle[Q]{q}, perform(q), q.UnmarshalText([]byte(text))
		},
	})
}

// newQueue is a queue at a place of its own.
func newQueue(t testing.TB, w *suite.World, capacity int) Queue {
	t.Helper()
	h := w.Make(t, w.NewPlace(t), fmt.Sprint("queue", capacity))
	return h.(interface{ queue() Queue }).queue()
}

var outcomes = suite.Outcomes{
	"full": ring.ErrFull, "empty": ring.ErrEmpty, "closed": ring.ErrClosed, "detached": ring.ErrDetached,
	"toomany": ring.ErrTaskDone, "timeout": context.DeadlineExceeded,
}

// perform: "put 7" puts message 7; the answer to "get" is its number. A time limit comes
// last.
func perform(q Queue, args []string) string {
	switch args[0] {
	case "put":
		ctx, cancel := suite.Limit(args, 2)
		defer cancel()
		return outcomes.Of(q.PutContext(ctx, numbered(args[1])))
	case "tryput":
		return outcomes.Of(q.TryPut(numbered(args[1])))
	case "get":
		ctx, cancel := suite.Limit(args, 1)
		defer cancel()
		return got(q.GetContext(ctx))
	case "tryget":
		return got(q.TryGet())
	case "len":
		return strconv.Itoa(q.Len())
	case "cap":
		return strconv.Itoa(q.Cap())
	case "close":
		return outcomes.Of(q.Close())
	case "detach":
		return outcomes.Of(q.Detach())
	case "produce":
		return produce(q, args[1], args[2])
	case "consume":
		return consume(q)
	}
	return "what?"
}

func numbered(text string) Message {
	n, _ := strconv.ParseUint(text, 10, 64)
	return MessageOf(1, n)
}

func got(m Message, err error) string {
	switch {
	case err != nil:
		return outcomes.Of(err)
	case !m.Whole():
		return fmt.Sprintf("torn: %+v", m)
	}
	return strconv.FormatUint(m.N, 10)
}
