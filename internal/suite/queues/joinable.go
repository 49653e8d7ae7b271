package queues

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"shmkit/internal/suite"
)

// Joinable is what a queue must do that counts what is not done yet.
type Joinable interface {
	Queue
	TaskDone() error
	Join(ctx context.Context) error
	Unfinished() int
}

// AddJoinable makes queues with a Join known to a world: kind "joinable6" has a capacity of
// 6.
func AddJoinable[J interface {
	opener[T]
	Joinable
}, T any](w *suite.World, make func(at suite.Place, capacity int) (J, error)) {
	for _, n := range capacities {
		addKind(w, "joinable", n, make, func(j J) suite.Perform {
			return func(args []string) string { return performJoinable(j, args) }
		})
	}
}

// newJoinable is a queue at a place of its own.
func newJoinable(t testing.TB, w *suite.World, capacity int) Joinable {
	t.Helper()
	h := w.Make(t, w.NewPlace(t), fmt.Sprint("joinable", capacity))
	return h.(interface{ queue() Queue }).queue().(Joinable)
}

func performJoinable(j Joinable, args []string) string {
	switch args[0] {
	case "done":
		return outcomes.Of(j.TaskDone())
	case "join":
		ctx, cancel := suite.Limit(args, 1)
		defer cancel()
		return outcomes.Of(j.Join(ctx))
	case "unfinished":
		return strconv.Itoa(j.Unfinished())
	}
	return perform(j, args)
}
