package pool

import (
	"sync"
	"sync/atomic"
	"time"

	"shmkit/internal/park"
)

// Who waits for a result alone looks for it itself, for a while, in place of the collector:
// that two goroutines, on two threads, wake each other for each result costs more than all
// the rest of a call. One collects at a time, which is who has turn.
//
//	collector      turn        who takes the next result
//	in the queue   it has it   the collector, which sleeps until there is one
//	rests          is free     a caller that helps, look by look; or nobody, until the rest ends
//
// It rests when it has collected something and a caller looks, or helped lately, and none
// waits without looking. A rest ends after a moment, or when a caller gives up, or a second
// one comes, or a task is put for which nobody looks. So nothing is lost with a helper that
// never comes back, and no result waits for longer than a rest.
type helping struct {
	inbox   inbox         // of who has turn
	turn    sync.Mutex    // held by who takes results; user code that decodes one runs under it
	callers atomic.Int32  // that wait for one result
	idlers  atomic.Int32  // of them, who do not look
	looking atomic.Bool   // one of them does
	helped  atomic.Uint64 // how many got theirs while they helped
	looks   atomic.Int32  // how often a caller looks: an estimate of whether that pays
	resting atomic.Bool
	hurry   chan struct{} // ends a rest
}

const (
	restTime = time.Millisecond

	mostLooks  = 64
	fewLooks   = 2
	firstTurns = 4 // of the loop that pauses the processor
	lastTurns  = 64
	helpBatch  = 4 // results
)

// attend waits until done is closed.
func (c *core) attend(done <-chan struct{}) {
	defer c.callers.Add(-1)
	if c.callers.Add(1) == 1 && !park.Alone() && c.help(done) {
		return
	}
	c.idlers.Add(1) // and then whether the collector rests: it looks the other way round
	defer c.idlers.Add(-1)
	c.collectNow()
	<-done
}

// help is search, and says so.
func (c *core) help(done <-chan struct{}) bool {
	c.looking.Store(true)
	defer c.looking.Store(false)
	if !c.search(done) {
		return false
	}
	c.helped.Add(1)
	return true
}

// search looks for results a bounded number of times, and tells whether done is closed.
func (c *core) search(done <-chan struct{}) bool {
	looks, turns := max(c.looks.Load(), fewLooks), uint32(firstTurns)
	for range looks {
		if closed(done) || c.assist() && closed(done) {
			c.looks.Store(min(looks+1+(mostLooks-looks)/8, mostLooks))
			return true
		}
		park.Pause(turns)
		turns = min(2*turns, lastTurns)
	}
	c.looks.Store(looks - 1 - looks/8)
	return false
}

// assist takes what there is, if nobody else does.
func (c *core) assist() bool {
	if c.results.Len() == 0 || !c.turn.TryLock() {
		return false
	}
	defer c.turn.Unlock()
	if c.inbox.next == c.inbox.n {
		if c.taken(c.results.TryGetN(c.inbox.list[:helpBatch])) != nil {
			return false
		}
	}
	n := 0
	for b := c.unheard(); b != nil; b = c.unheard() {
		c.hearFor(b)
		n++
	}
	return n > 0
}

// hearFor is hear in a goroutine that is a caller's. What others have written may end the one
// it runs in, so that has another one.
func (c *core) hearFor(b []byte) {
	if c.tame(b) {
		c.hear(b)
		return
	}
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		c.hear(b)
	}()
	<-heard
}

// tame tells whether a message is the result of a call of Apply that is decoded without methods
// of the caller's.
func (c *core) tame(b []byte) bool {
	f, err := readFrame(b)
	if err != nil || f.kind != kindResult || f.place >= uint32(len(c.entries)) {
		return false
	}
	t := c.entries[f.place].Load()
	return t != nil && t.tame
}

// rest lets callers help, as long as they do. last is how many had helped before it
// collected; it gives how many have now.
func (c *core) rest(last uint64) uint64 {
	c.resting.Store(true)
	defer c.resting.Store(false)
	looking, now := c.looking.Load(), c.helped.Load()
	if c.idlers.Load() > 0 || !looking && now == last {
		return now
	}
	timer := time.NewTimer(restTime)
	defer timer.Stop()
	for {
		select {
		case <-c.hurry:
			return c.helped.Load()
		case <-timer.C:
		}
		if last = c.helped.Load(); last == now {
			return now
		}
		now = last
		timer.Reset(restTime)
	}
}

// collectNow ends a rest of the collector.
func (c *core) collectNow() {
	if c.resting.Load() {
		select {
		case c.hurry <- struct{}{}:
		default:
		}
	}
}

func closed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
