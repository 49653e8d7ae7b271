package pool_test

import (
	"context"
	"errors"
	"testing"

	"shmkit/pool"
)

// Somebody writes over the words that parent and workers share. Nothing hangs, or goes on
// for ever: the pool ends, and all tasks that have no result say why.
func TestScribbledWords(t *testing.T) {
	for name, change := range map[string]func(uint64) uint64{
		"zero":       func(uint64) uint64 { return 0 },
		"ones":       func(uint64) uint64 { return 1<<64 - 1 },
		"generation": func(w uint64) uint64 { return w + 5<<28 },
		"state":      func(w uint64) uint64 { return w ^ 0xf<<24 },
		"worker":     func(w uint64) uint64 { return w ^ 0xff },
		"queued":     func(w uint64) uint64 { return w&^(1<<28-1) | 1<<24 },
		"done":       func(w uint64) uint64 { return w&^(15<<24) | 3<<24 },
	} {
		for how, then := range map[string]func(*pool.Pool, gates, context.CancelFunc){
			"goes on":    func(p *pool.Pool, g gates, _ context.CancelFunc) { g.open(t, 12); p.Close() },
			"terminated": func(p *pool.Pool, _ gates, _ context.CancelFunc) { p.Terminate() },
			"context": func(p *pool.Pool, g gates, cancel context.CancelFunc) {
				cancel()
				g.open(t, 12)
				p.Close()
			},
		} {
			if (name == "queued" || name == "done") && how != "terminated" {
				continue // who writes what could be true is believed, until the pool is terminated
			}
			t.Run(name+" "+how, func(t *testing.T) {
				watch(t)
				g := newGates(t)
				p := newPool(t, 2, silently(t))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				done := make(chan error)
				go func() {
					_, err := pool.Map(ctx, p, gate, []gates{g, g, g, g, g, g}, pool.ChunkSize(1))
					done <- err
				}()
				g.come(t, 2)
				list := several(p, g, 6)
				pool.Scribble(p, change)
				then(p, g, cancel)
				if err := p.Join(t.Context()); err != nil {
					t.Error(err)
				}
				<-done
				for _, r := range list {
					if _, err := r.Get(t.Context()); how == "terminated" && !errors.Is(err, pool.ErrTerminated) && !errors.Is(err, pool.ErrCorrupt) {
						t.Error(err)
					}
				}
			})
		}
	}
}
