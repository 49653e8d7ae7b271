package locks

import (
	"context"

	"shmkit/internal/suite"
)

// Mutex is what a lock must do.
type Mutex interface {
	suite.Handle
	Lock() error
	LockContext(ctx context.Context) error
	TryLock() (bool, error)
	Unlock() error
	MarkConsistent() error
	With(f func(died bool) error) error
}

// AddMutex makes the kind "mutex" known to a world.
func AddMutex[M interface {
	suite.Opener[T]
	Mutex
}, T any](w *suite.World, make func(at suite.Place) (M, error)) {
	w.Add("mutex", suite.KindOf(make, func(m M) suite.Perform {
		return func(args []string) string { return performMutex(m, args) }
	}))
}

func performMutex(m Mutex, args []string) string {
	switch args[0] {
	case "lock":
		ctx, cancel := suite.Limit(args, 1)
		defer cancel()
		return outcomes.Of(m.LockContext(ctx))
	case "try":
		return tryLock(m.TryLock())
	case "unlock":
		return outcomes.Of(m.Unlock())
	case "mark":
		return outcomes.Of(m.MarkConsistent())
	case "with":
		return with(args[1], m.With)
	}
	return "what?"
}

// tryLock is the answer of a try: a lock that is taken may come with a warning.
func tryLock(ok bool, err error) string {
	switch answer := outcomes.Tried(ok, err); {
	case answer == "died" && !ok:
		return "died, and not taken"
	case answer != "died" && err != nil && ok:
		return answer + ", and taken"
	default:
		return answer
	}
}

// with is the answer of a scope whose body ends in that way: "died" if the body was told
// so, and the outcome.
func with(how string, scope func(f func(died bool) error) error) (answer string) {
	told := ""
	defer func() {
		if recover() != nil {
			answer = told + "panicked"
		}
	}()
	err := scope(func(died bool) error {
		if died {
			told = "died "
		}
		switch how {
		case "fail":
			return errFailed
		case "panic":
			panic(how)
		}
		return nil
	})
	return told + outcomes.Of(err)
}
