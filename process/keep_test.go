package process_test

import (
	"context"
	"runtime"
	"testing"
	"weak"

	"shmkit/process"
	"shmkit/ring"
)

// conformance: PROC-15
func TestArgumentIsForgotten(t *testing.T) {
	watch(t)
	say := newSay(t)
	arg := &keepArg{"", say}
	weak := weak.Make(arg)
	p := must[*process.Job[process.None]](t)(keeps.Start(t.Context(), arg))
	arg = nil
	must[int64](t)(say.Get()) // it has the argument
	for weak.Value() != nil {
		runtime.GC()
	}
	p.Kill()
	p.Wait()
}

// keepArg is what a process holds on to.
type keepArg struct {
	Text string
	Say  *ring.Queue[int64]
}

var keeps = process.Register("keeps", func(ctx context.Context, arg *keepArg) error { return parkAndSay(ctx, arg.Say) })

// label is a handle of something.
type label struct{ text string }

func (l *label) MarshalText() ([]byte, error) { return []byte(l.text), nil }

// What is passed by Share stays as long as the process runs, whatever becomes of its argument.
func TestShareStays(t *testing.T) {
	watch(t)
	say := newSay(t)
	l := &label{"a handle"}
	weak := weak.Make(l)
	p := must[*process.Job[process.None]](t)(park.Start(context.Background(), say, process.Share("LABEL", l)))
	l = nil
	must[int64](t)(say.Get())
	for range 5 {
		runtime.GC()
	}
	if weak.Value() == nil {
		t.Error("it is gone while the process runs")
	}
	p.Kill()
	p.Wait()
	for weak.Value() != nil {
		runtime.GC()
	}
}
