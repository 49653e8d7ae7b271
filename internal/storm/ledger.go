package storm

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"shmkit/internal/sys"
)

// ledger is what the test knows, without a look at shared memory.
type ledger struct {
	cast []Actor

	// mu guards what follows, and the actors, whose Learn is called with it held.
	mu        sync.Mutex
	lanes     []laneState
	counts    [][]tally // by actor and kind
	takeovers uint64
	sweeps    uint64
}

// laneState is where a lane is.
type laneState struct {
	open  bool // deed was begun and not acknowledged
	actor int
	deed  Deed
	moved time.Time // of the last record, or of the start of its process
}

// leaver is an actor that wants to know when a process is gone.
type leaver interface {
	Ended(lane int, incarnation uint32, at int64)
}

func newLedger(cast []Actor, lanes int) *ledger {
	g := &ledger{cast: cast, lanes: make([]laneState, lanes)}
	for _, a := range cast {
		g.counts = append(g.counts, make([]tally, len(a.Kinds())))
	}
	return g
}

// follow reads what one process writes, until that is gone. A record is either
// whole or not there.
func (g *ledger) follow(pipe *os.File, first int, incarnation uint32) error {
	defer pipe.Close()
	g.begin(first)
	var last record
	for {
		var r record
		err := r.read(pipe)
		if err == nil {
			err = g.learn(&r, first, incarnation)
		}
		if err != nil {
			g.ended(first, incarnation, &last)
			if err == io.EOF {
				return nil
			}
			return err
		}
		last.recoveries, last.sweeps = max(last.recoveries, r.recoveries), max(last.sweeps, r.sweeps)
	}
}

func (g *ledger) begin(first int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range lanesEach {
		g.lanes[first+i].moved = time.Now()
	}
}

func (g *ledger) learn(r *record, first int, incarnation uint32) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := int(r.lane)
	if id < first || id >= first+lanesEach || int(r.actor) >= len(g.cast) || int(r.kind) >= len(g.counts[r.actor]) {
		return fmt.Errorf("%w: %+v", errLedger, r)
	}
	l := &g.lanes[id]
	l.moved = time.Now()
	switch {
	case r.phase == phaseBegin && !l.open:
		l.open, l.actor = true, int(r.actor)
		l.deed = Deed{Lane: id, Incarnation: incarnation, Kind: int(r.kind), Begun: r.at, Args: r.args}
	case r.phase == phaseEnd && l.open && l.actor == int(r.actor) && l.deed.Kind == int(r.kind):
		l.deed.Known, l.deed.Ended, l.deed.Result = true, r.at, r.args
		g.close(l)
	default:
		return fmt.Errorf("%w: %+v", errLedger, r)
	}
	return nil
}

// close tells the actor of a deed.
func (g *ledger) close(l *laneState) {
	l.open = false
	g.counts[l.actor][l.deed.Kind].add(&l.deed, 1, 1)
	g.cast[l.actor].Learn(&l.deed)
}

// ended closes what the lanes of a process that is gone had begun.
func (g *ledger) ended(first int, incarnation uint32, last *record) {
	now := sys.Monotonic()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.takeovers += uint64(last.recoveries)
	g.sweeps += uint64(last.sweeps)
	for i := range lanesEach {
		if l := &g.lanes[first+i]; l.open {
			l.deed.Ended = now
			g.close(l)
		}
		for _, a := range g.cast {
			if x, ok := a.(leaver); ok {
				x.Ended(first+i, incarnation, now)
			}
		}
	}
}

// idle is the lane that made no progress for longest, and for how long.
func (g *ledger) idle() (lane int, d time.Duration, doing string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.lanes {
		if l := &g.lanes[i]; !l.moved.IsZero() && time.Since(l.moved) > d {
			lane, d, doing = i, time.Since(l.moved), "between operations"
			if l.open {
				doing = fmt.Sprintf("in %s %s %#x", g.cast[l.actor].Name(), g.cast[l.actor].Kinds()[l.deed.Kind], l.deed.Args)
			}
		}
	}
	return lane, d, doing
}

// rest says that a lane need not move any more.
func (g *ledger) rest(first int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range lanesEach {
		g.lanes[first+i].moved = time.Time{}
	}
}
