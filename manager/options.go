package manager

import (
	"context"
	"fmt"
	"time"
)

// An Option changes how an object is made.
type Option func(*settings)

type settings struct {
	name  string
	ctx   context.Context
	limit time.Duration // of a Barrier
	bytes int64
	pool  poolSettings
	keep  any   // what these refer to
	bad   error // an option that makes no sense
}

// Named gives the object a name, by which others open it. It then stays until Client.Remove.
func Named(name string) Option { return func(s *settings) { s.name = name } }

func settle(options []Option) settings {
	var s settings
	for _, o := range options {
		o(&s)
	}
	return s
}

func (s *settings) context() context.Context {
	if s.ctx == nil {
		return context.Background()
	}
	return s.ctx
}

// A TypeError tells that an object or an item is something else than what was asked for. Is
// ErrType. It is plain data of one process, which dies with it.
type TypeError struct {
	Name      string
	Got, Want string
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("manager: %q is %s, not %s", e.Name, e.Got, e.Want)
}

// Is makes errors.Is(err, ErrType) true.
func (e *TypeError) Is(target error) bool { return target == ErrType }
