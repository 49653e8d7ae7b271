package locks

import (
	"context"
	"strconv"
	"strings"

	"shmkit/internal/suite"
)

// Semaphore is what a semaphore must do, and a bounded one.
type Semaphore interface {
	suite.Handle
	Acquire() error
	AcquireContext(ctx context.Context) error
	AcquireNContext(ctx context.Context, n int) error
	TryAcquire() (bool, error)
	TryAcquireN(n int) (bool, error)
	Release() error
	ReleaseN(n int) error
	Value() int
	With(f func() error) error
}

// AddSemaphore makes the kind "semaphore" known to a world. Make makes one of 2 permits.
func AddSemaphore[S interface {
	suite.Opener[T]
	Semaphore
}, T any](w *suite.World, make func(at suite.Place) (S, error)) {
	addSemaphore(w, "semaphore", make)
}

// AddBoundedSemaphore makes the kind "bounded" known to a world. Make makes one of 2
// permits.
func AddBoundedSemaphore[S interface {
	suite.Opener[T]
	Semaphore
}, T any](w *suite.World, make func(at suite.Place) (S, error)) {
	addSemaphore(w, "bounded", make)
}

func addSemaphore[S interface {
	suite.Opener[T]
	Semaphore
}, T any](w *suite.World, kind string, make func(at suite.Place) (S, error)) {
	w.Add(kind, suite.KindOf(make, func(s S) suite.Perform {
		return func(args []string) string { return performSemaphore(s, args) }
	}))
}

// performSemaphore: the number of permits is in the call, as in "acquire3"; 1 if it is
// not.
func performSemaphore(s Semaphore, args []string) string {
	op := strings.TrimRight(args[0], "0123456789")
	n, err := strconv.Atoi(args[0][len(op):])
	many := err == nil
	ctx, cancel := suite.Limit(args, 1)
	defer cancel()
	switch {
	case op == "acquire" && many:
		return outcomes.Of(s.AcquireNContext(ctx, n))
	case op == "acquire" && len(args) > 1:
		return outcomes.Of(s.AcquireContext(ctx))
	case op == "acquire":
		return outcomes.Of(s.Acquire())
	case op == "try" && many:
		return outcomes.Tried(s.TryAcquireN(n))
	case op == "try":
		return outcomes.Tried(s.TryAcquire())
	case op == "release" && many:
		return outcomes.Of(s.ReleaseN(n))
	case op == "release":
		return outcomes.Of(s.Release())
	case op == "value":
		return strconv.Itoa(s.Value())
	case op == "nested":
		return outcomes.Of(s.With(func() error { return s.With(func() error { return nil }) }))
	}
	return "what?"
}
