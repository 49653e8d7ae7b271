package park

import (
	"runtime"
	"sync"
	"time"
)

// seat is what a call that waits has for as long as it does. The pool has about one for each
// processor of Go, so the next call there finds its memory in the caches, and what became of
// the last one.
//
// A thread in a system call keeps its processor for 10 ms, as long as another one has nothing
// to do; then the runtime takes it away. It also takes it, 20 µs after each system call began,
// from a goroutine that has not been scheduled for 10 ms, although that has slept meanwhile.
// A goroutine whose sleeps are system calls is never scheduled. So for one that sleeps often
// each wake-up would be one of the thread of the runtime that looks for such things too,
// which wakes another one to have the processor, before they all sleep again: three switches
// of threads more, for each message. Therefore one that sleeps often has itself scheduled now
// and then. That wakes another thread as well, so others do not: neither those whose sleeps
// are long, nor those that are back before anybody looks. And it breaks a sleep off for that
// rather than doing it before: then somebody may be about to run whom it has woken.
type seat struct {
	round     Round
	scheduled time.Time     // when a call that had the seat was, by its own wish, or has slept for long
	began     time.Time     // when the last one that slept began to
	slept     time.Duration // for how long
}

const (
	// oftenWithin is what the runtime leaves a thread in a system call.
	oftenWithin = 10 * time.Millisecond
	// scheduleAfter is so short that the next sleep comes in time.
	scheduleAfter = oftenWithin / 2
	// unseen is how long a sleep is at most that the runtime mostly does not see.
	unseen = 100 * time.Microsecond
	// breakAfter is when whoever was woken before the sleep has most likely been on its way.
	breakAfter = 2 * unseen
)

var seats = sync.Pool{New: func() any { return new(seat) }}

func takeSeat() *seat { return seats.Get().(*seat) }

// leave gives the seat back.
func (s *seat) leave() {
	clear(s.round.few[:])
	s.round = Round{few: s.round.few}
	seats.Put(s)
}

// begin comes before a call looks for the last time and sleeps. It tells whether the sleep
// should be broken off for schedule.
func (s *seat) begin() (due bool) {
	now := time.Now()
	if now.Sub(s.began) > oftenWithin {
		s.scheduled = now // now and then, so far
	}
	due = s.slept > unseen && now.Sub(s.scheduled) > scheduleAfter
	s.began, s.slept = now, 0
	return due
}

// end comes after a sleep.
func (s *seat) end() { s.slept = time.Since(s.began) }

// schedule has the goroutine scheduled.
func (s *seat) schedule() {
	s.scheduled = time.Now()
	runtime.Gosched()
}
