package locks

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"shmkit/internal/suite"
)

// Barrier is what a barrier must do.
type Barrier interface {
	suite.Handle
	Wait() (index int, err error)
	WaitAction(ctx context.Context, action func() error) (index int, err error)
	Abort() error
	Reset() error
	Parties() int
	Waiting() int
	Broken() bool
}

// AddBarrier makes barriers known to a world: kinds "barrier1", "barrier2", "barrier3" and
// "barrier5", and "impatient" for 3 parties with a time limit. Make makes one without a
// time limit if that is 0.
func AddBarrier[B interface {
	suite.Opener[T]
	Barrier
}, T any](w *suite.World, make func(at suite.Place, parties int, limit time.Duration) (B, error)) {
	perform := func(b B) suite.Perform { return (&party{b: b}).perform }
	for _, n := range []int{1, 2, 3, 5} {
		w.Add(fmt.Sprint("barrier", n), suite.KindOf(func(at suite.Place) (B, error) { return make(at, n, 0) }, perform))
	}
	w.Add("impatient", suite.KindOf(func(at suite.Place) (B, error) { return make(at, 3, 30*time.Millisecond) }, perform))
}

// party is an actor at a barrier.
type party struct {
	b     Barrier
	acted int // how often it ran the action
}

// wait answers with the index.
func (p *party) wait(ctx context.Context, action func() error) string {
	i, err := p.b.WaitAction(ctx, action)
	switch {
	case err == nil:
		return strconv.Itoa(i)
	case i != -1:
		return fmt.Sprintf("%v with index %d", err, i)
	case errors.Is(err, outcomes["broken"]) && errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, outcomes["broken"]):
		return "broken"
	}
	return outcomes.Of(err)
}

func (p *party) perform(args []string) string {
	switch args[0] {
	case "wait":
		ctx, cancel := suite.Limit(args, 1)
		defer cancel()
		return p.wait(ctx, nil)
	case "act":
		return p.wait(context.Background(), func() error { p.acted++; return nil })
	case "fail":
		return p.wait(context.Background(), func() error { return errFailed })
	case "panic":
		defer func() { recover() }()
		return p.wait(context.Background(), func() error { panic("no") })
	case "acted":
		return strconv.Itoa(p.acted)
	case "laps":
		n, _ := strconv.Atoi(args[1])
		for range n {
			if _, err := p.b.Wait(); err != nil {
				return outcomes.Of(err)
			}
		}
		return "ok"
	case "abort":
		return outcomes.Of(p.b.Abort())
	case "reset":
		return outcomes.Of(p.b.Reset())
	case "state":
		return fmt.Sprintf("%d/%d,%v", p.b.Waiting(), p.b.Parties(), p.b.Broken())
	case "close":
		return outcomes.Of(p.b.Close())
	}
	return "what?"
}
