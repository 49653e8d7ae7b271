package process_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"

	"shmkit/process"
)

// Processes that end, are cancelled, signalled, asked and closed at the same time. Each ends
// in one of few ways, and nothing is left of it.
func TestEverythingAtOnce(t *testing.T) {
	watch(t)
	enough := errors.New("enough")
	var all sync.WaitGroup
	for seed := range uint64(4) {
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, 3))
			for i := range 8 {
				ctx, cancel := context.WithCancelCause(t.Context())
				options := []process.Option{process.Daemon(r.IntN(2) == 0)}
				if r.IntN(2) == 0 {
					options = append(options, process.Group())
				}
				if r.IntN(2) == 0 {
					options = append(options, process.Grace(1))
				}
				p, err := square.Start(ctx, i, options...)
				if err != nil {
					t.Error(err)
					cancel(nil)
					continue
				}
				meddle(p.Process, func() { cancel(enough) }, r)
				checkEnd(t, p, i, enough)
				cancel(nil)
			}
		})
	}
	all.Wait()
	if list := process.ActiveChildren(); len(list) != 0 {
		t.Errorf("%v are there", list)
	}
}

// meddle does things to p, at random moments and beside each other.
func meddle(p *process.Process, cancel func(), r *rand.Rand) {
	for _, f := range []func(){cancel, func() { p.Kill() }, func() { p.Terminate() }, func() { p.Signal(syscall.SIGCONT) },
		func() { p.Alive(); p.ExitCode(); process.ActiveChildren() }, func() { p.Close() }} {
		if n := r.IntN(200_000); r.IntN(3) == 0 {
			go func() {
				for range n {
					p.Name() // a random while, without a clock
				}
				f()
			}()
		}
	}
}

func checkEnd(t *testing.T, p *process.Job[int], x int, enough error) {
	<-p.Done()
	n, err := p.Result()
	var s *process.StartError
	var e *process.ExitError
	switch {
	case err == nil && n == x*x, errors.Is(err, process.ErrClosed), errors.As(err, &s):
	case errors.As(err, &e) && (e.Signal == syscall.SIGKILL || e.Signal == syscall.SIGTERM) && (e.Cause == nil || e.Cause == enough):
	default:
		t.Errorf("the square of %d is %d, %v", x, n, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
