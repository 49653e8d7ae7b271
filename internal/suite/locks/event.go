package locks

import (
	"context"
	"errors"
	"strconv"

	"shmkit/internal/suite"
)

// Event is what an event must do.
type Event interface {
	suite.Handle
	WaitContext(ctx context.Context) error
	Set() error
	Clear() error
	IsSet() bool
}

// AddEvent makes the kind "event" known to a world.
func AddEvent[E interface {
	suite.Opener[T]
	Event
}, T any](w *suite.World, make func(at suite.Place) (E, error)) {
	w.Add("event", suite.KindOf(make, func(e E) suite.Perform {
		return func(args []string) string { return performEvent(e, args) }
	}))
}

func performEvent(e Event, args []string) string {
	switch args[0] {
	case "wait":
		ctx, cancel := suite.Limit(args, 1)
		defer cancel()
		return outcomes.Of(e.WaitContext(ctx))
	case "set":
		return outcomes.Of(e.Set())
	case "clear":
		return outcomes.Of(e.Clear())
	case "pulse":
		return outcomes.Of(errors.Join(e.Set(), e.Clear()))
	case "isset":
		return strconv.FormatBool(e.IsSet())
	}
	return "what?"
}
