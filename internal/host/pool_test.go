package host_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"shmkit/internal/host"
	"shmkit/internal/wire"
)

// A crew is workers that only note what they are asked.
type crew struct {
	asked []string
	going []context.Context
}

func (c *crew) Run(ctx context.Context, m wire.Method, body []byte) func() wire.Outcome {
	c.asked = append(c.asked, fmt.Sprintf("%v %s", m, body))
	c.going = append(c.going, ctx)
	return func() wire.Outcome { return wire.Outcome{Body: body} }
}

func (c *crew) Close(withdraw bool) { c.asked = append(c.asked, fmt.Sprint("close ", withdraw)) }
func (c *crew) Terminate()          { c.asked = append(c.asked, "terminate") }

// TestPool: who runs what beside the host, and what becomes of it. The table is above the type.
func TestPool(t *testing.T) {
	var c crew
	employed := func() *host.Host {
		h := host.New(nil)
		h.Employ(func(workers uint64, settings []byte) host.Workers {
			if workers != 3 || string(settings) != "how" {
				t.Errorf("%d workers, %s", workers, settings)
			}
			return &c
		})
		return h
	}
	h := employed()
	var given []string
	apply := func(kind wire.Kind, session, call uint64, m wire.Method, body string) (jobs []func() wire.Outcome) {
		t.Helper()
		f := wire.Frame{Kind: kind, Session: session, Call: call, Method: m, Body: []byte(body)}
		if m.Type() == wire.TypePool {
			f.Object = 1
		}
		for _, e := range h.Apply(&f) {
			switch e.Kind {
			case host.Run:
				jobs = append(jobs, e.Job())
			case host.Answer:
				answer := string(e.Body)
				if e.Op == wire.Failure {
					fault, _ := wire.ReadFault(e.Body)
					answer = fmt.Sprint("code ", fault.Code)
				}
				given = append(given, fmt.Sprintf("%d.%d %s", e.Session, e.Call, answer))
			}
		}
		saved := h.Save(nil)
		other := employed()
		if err := other.Load(saved); err != nil || !bytes.Equal(saved, other.Save(nil)) {
			t.Fatalf("what was saved is not loaded: %v", err)
		}
		return jobs
	}
	told := func(want ...string) {
		t.Helper()
		if fmt.Sprint(given) != fmt.Sprint(want) {
			t.Fatalf("given %q, want %q", given, want)
		}
		given = nil
	}
	for _, session := range []uint64{1, 2} {
		apply(wire.Open, session, 0, 0, string(wire.AppendLimits(nil, wire.DefaultLimits)))
	}
	args := append(wire.AppendText([]byte{byte(wire.TypePool)}, "p"), wire.AppendUint(nil, 3)...)
	apply(wire.Request, 1, 1, wire.Create, string(args)+"how")
	given = nil
	jobs := apply(wire.Request, 1, 2, wire.PoolApply, "a")
	outcome := jobs[0]()
	apply(wire.Done, 1, 2, 0, string(wire.AppendOutcome(nil, &outcome)))
	told("1.2 a")
	apply(wire.Request, 1, 3, wire.PoolApply, "b")
	apply(wire.Request, 2, 1, wire.PoolMap, "c")
	apply(wire.Request, 2, 2, wire.PoolApply, "d")
	told()
	apply(wire.Cancel, 1, 3, 0, "")
	told(fmt.Sprint("1.3 code ", wire.CodeCancelled))
	apply(wire.Done, 1, 3, 0, string(wire.AppendOutcome(nil, &outcome))) // too late
	told()
	apply(wire.Expire, 2, 0, 0, "")
	for i, ctx := range c.going {
		if ctx.Err() == nil {
			t.Errorf("job %d goes on", i)
		}
	}
	apply(wire.Request, 1, 4, wire.PoolApply, "e")
	apply(wire.Begin, 0, 0, 0, "")
	told(fmt.Sprint("1.4 code ", wire.CodeRestarted))
	c.asked = nil
	apply(wire.Request, 1, 5, wire.PoolClose, "\x01")
	apply(wire.Request, 1, 6, wire.PoolApply, "f")
	told("1.5 ", fmt.Sprint("1.6 code ", wire.CodeNotRunning))
	apply(wire.Request, 1, 7, wire.PoolTerminate, "")
	if c.asked[0] != "close true" || c.asked[len(c.asked)-2] != "terminate" {
		t.Errorf("asked: %q", c.asked)
	}
	c.asked = nil
	apply(wire.Request, 1, 8, wire.Remove, string(wire.AppendText(nil, "p")))
	apply(wire.Expire, 1, 0, 0, "")
	if h.Len() != 0 || c.asked[len(c.asked)-1] != "terminate" {
		t.Errorf("%d objects, asked: %q", h.Len(), c.asked)
	}
}
