package locks

import (
	"context"
	"strconv"

	"shmkit/internal/suite"
)

// RecursiveMutex is what a lock must do that its holder may take again. H is what a holder
// is known by.
type RecursiveMutex[H any] interface {
	suite.Handle
	LockContext(ctx context.Context, h H) error
	TryLock(h H) (bool, error)
	Unlock(h H) error
	MarkConsistent(h H) error
	Held(h H) int
	With(h H, f func(died bool) error) error
}

// AddRecursiveMutex makes the kind "recursive" known to a world. A state is "free", "held"
// or "owner died".
func AddRecursiveMutex[M interface {
	suite.Opener[T]
	RecursiveMutex[H]
}, T, H any](w *suite.World, make func(at suite.Place) (M, error), holder func() H, state func(m M) string) {
	w.Add("recursive", suite.KindOf(make, func(m M) suite.Perform {
		holders := map[string]H{"a": holder(), "b": holder()}
		return func(args []string) string {
			if args[0] == "state" {
				return state(m)
			}
			return performRecursive(m, holders[args[1]], args)
		}
	}))
}

// performRecursive: an actor has two holders, a and b, which are the argument after the
// call.
func performRecursive[H any](m RecursiveMutex[H], h H, args []string) string {
	switch args[0] {
	case "lock":
		ctx, cancel := suite.Limit(args, 2)
		defer cancel()
		return outcomes.Of(m.LockContext(ctx, h))
	case "try":
		return tryLock(m.TryLock(h))
	case "unlock":
		return outcomes.Of(m.Unlock(h))
	case "mark":
		return outcomes.Of(m.MarkConsistent(h))
	case "held":
		return strconv.Itoa(m.Held(h))
	case "with":
		return with(args[2], func(f func(died bool) error) error { return m.With(h, f) })
	case "nested":
		return with(args[2], func(f func(died bool) error) error {
			return m.With(h, func(died bool) error {
				return m.With(h, func(again bool) error {
					if again {
						return errToldTwice
					}
					return f(died)
				})
			})
		})
	case "close":
		return outcomes.Of(m.Close())
	}
	return "what?"
}
