package pipe

import (
	"context"
	"errors"
	"sync"
)

// errEnough ends the context of those that need not wait any longer.
var errEnough = errors.New("pipe: another one is ready")

// Wait waits until receiving from one of conns would not wait, because there is a message
// or io.EOF, and gives all of which it knows that then, in their order. It takes nothing.
// It gives up when ctx ends: it then returns the cause of ctx. An end that fails counts as
// ready: receiving from it gives the error. Without conns it waits for ctx.
func Wait(ctx context.Context, conns ...*Conn) (ready []*Conn, err error) {
	are := make([]bool, len(conns))
	if !look(conns, are) {
		if err := watch(ctx, conns, are); err != nil {
			return nil, err
		}
	}
	for i, c := range conns {
		if are[i] {
			ready = append(ready, c)
		}
	}
	return ready, nil
}

// look tells which of conns are ready without waiting.
func look(conns []*Conn, are []bool) (any bool) {
	for i, c := range conns {
		ok, err := c.Poll(0)
		are[i] = ok || err != nil
		any = any || are[i]
	}
	return any
}

// watch waits until one of conns is ready, with a goroutine for each.
func watch(ctx context.Context, conns []*Conn, are []bool) error {
	each, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for i, c := range conns {
		all.Go(func() {
			_, err := c.PollContext(each)
			if are[i] = err == nil || each.Err() == nil; are[i] {
				cancel(errEnough)
			}
		})
	}
	if len(conns) == 0 {
		<-each.Done() // not ctx, which ends a moment before
	}
	all.Wait()
	if err := context.Cause(each); err != errEnough {
		return err
	}
	return nil
}
