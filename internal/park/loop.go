package park

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"shmkit/internal/sys"
)

const (
	firstSlice = 4 * time.Millisecond
	lastSlice  = 256 * time.Millisecond
	fewWords   = 8 // what an attempt mostly names at most
	maxDirect  = 8
)

// Round is one turn of Loop, handed to the attempt. It must not be kept.
type Round struct {
	Spinning bool // only try; do not announce, the turn is not followed by a sleep
	Slept    bool // this call has slept at least once
	Recheck  bool // the last sleep ended by its bound: ask the kernel what words may not have told

	words  []sys.Word
	deaths uint32                 // the bits of the words that tell of deaths only
	few    [fewWords + 1]sys.Word // of words, as long as there is room; one more for cancellation
	within time.Duration
}

// On names a word to sleep on while it has the value val. More than eight words in a
// turn cost memory; see [Crowd].
func (r *Round) On(addr *uint32, val uint32) {
	r.words = append(r.words, sys.Word{Addr: addr, Val: val})
}

// OnDeath is On for a word that tells of nothing but that somebody has died, or left. A sleep
// on one other word may be over before it looks at these: so long their news may wait.
func (r *Round) OnDeath(addr *uint32, val uint32) {
	r.deaths |= 1 << len(r.words)
	r.On(addr, val)
}

// Mark is how much On has named in this turn, for Rewind.
func (r *Round) Mark() int { return len(r.words) }

// Rewind takes back what On named since Mark: that part of the attempt begins again.
func (r *Round) Rewind(mark int) {
	r.words, r.deaths = r.words[:mark], r.deaths&(1<<mark-1)
}

// Within bounds the sleep of this turn, for what is over in a moment and changes
// no word when it is. Of several bounds the shortest counts.
func (r *Round) Within(d time.Duration) {
	if r.within == 0 || d < r.within {
		r.within = d
	}
}

// Forget takes back what On and Within named: the attempt begins again.
func (r *Round) Forget() { r.words, r.deaths, r.within = r.words[:0], 0, 0 }

// brief is what the first slice of a sleep is on. Each word costs about a quarter of a
// microsecond, twice, and several cost as much again; and most sleeps are short.
func (r *Round) brief() []sys.Word {
	if n := len(r.words); n <= fewWords && r.deaths == 1<<n-2 {
		return r.words[:1]
	}
	return r.words
}

// Loop calls attempt until it is done or fails, and sleeps in between on the words
// that it names. If ctx ends first Loop returns its cause; the call may then have
// received a wake-up that another sleeper needed, so the caller passes one on. A
// nil ctx never ends.
//
// Preconditions:
//   - an attempt that is not Spinning, done or failed names at least one word
func Loop(ctx context.Context, attempt func(r *Round) (done bool, err error)) error {
	_, err := Await(ctx, attempt)
	return err
}

// Await is Loop, and tells whether ctx has ended it. Its cause may be any error, also
// one with which an attempt fails: where that makes a difference the error alone does
// not tell.
func Await(ctx context.Context, attempt func(r *Round) (done bool, err error)) (ended bool, err error) {
	seat := takeSeat()
	defer seat.leave()
	if done, err := spin(&seat.round, attempt); done || err != nil {
		return false, err
	}
	return sleepLoop(ctx, seat, attempt)
}

// Sleep is Loop that does not spin first, for callers that have done so in their own
// way; see [Pause].
func Sleep(ctx context.Context, attempt func(r *Round) (done bool, err error)) error {
	seat := takeSeat()
	defer seat.leave()
	_, err := sleepLoop(ctx, seat, attempt)
	return err
}

func sleepLoop(ctx context.Context, seat *seat, attempt func(r *Round) (done bool, err error)) (ended bool, err error) {
	if ctx == nil {
		ctx = context.Background()
	}
	r := &seat.round
	r.words = r.few[:0]
	s := sleep{ctx: ctx, slice: Slice, seat: seat, due: seat.begin()}
	defer s.end()
	for {
		r.Forget()
		if done, err := attempt(r); done || err != nil {
			return false, err
		}
		if ctx.Err() != nil {
			return true, context.Cause(ctx)
		}
		r.Recheck = s.once(r)
		r.Slept = true
		seat.end()
	}
}

// Wake wakes up to n sleepers on addr, in any process, and tells how many there were. A
// process counts as one, however many of its goroutines share hub threads, and as none
// while its hub thread is not asleep: then that sees that the word has changed. A waker
// changes the word first.
func Wake(addr *uint32, n int) (woken int) { return sys.FutexWake(addr, n) }

// Rouse wakes every sleeper of this process on addr although the word has not
// changed: something else has that their attempts look at. Sleepers of other
// processes may wake too.
func Rouse(addr *uint32) {
	hub.rouse(addr)
	sys.FutexWake(addr, math.MaxInt32)
}

var direct atomic.Int32

// sleep is the sleeping half of one Loop.
type sleep struct {
	ctx    context.Context
	slice  time.Duration
	seat   *seat
	due    bool        // the next sleep is to be broken off, so that the goroutine is scheduled
	cancel *uint32     // 1 when ctx has ended; made at the first direct sleep
	stop   func() bool // ends the watch on ctx
}

// once sleeps one time, and tells whether the sleep ended by its bound.
func (s *sleep) once(r *Round) (recheck bool) {
	if direct.Add(1) > maxDirect || len(r.words) >= sys.MaxWords {
		direct.Add(-1)
		return hub.sleep(s.ctx, r)
	}
	defer direct.Add(-1)
	words := r.words
	if s.slice == firstSlice {
		words = r.brief()
	}
	if s.ctx.Done() != nil {
		words = append(words, sys.Word{Addr: s.watch(), Val: 0}) // of r.words nothing is used any more
	}
	bound := s.slice
	due := s.due && r.within == 0
	switch {
	case due:
		bound = breakAfter
	case r.within > 0 && r.within < bound:
		bound = r.within
	case s.slice < lastSlice:
		s.slice *= 2
	}
	_, err := sys.FutexWait(words, bound)
	recheck = errors.Is(err, sys.ErrTimeout)
	if recheck && due {
		s.due = false
		s.seat.schedule()
		return false
	}
	return recheck
}

// watch gives the word that says that ctx has ended. It is private to the call,
// in memory of Go, which the closure keeps alive.
func (s *sleep) watch() *uint32 {
	if s.cancel == nil {
		word := new(uint32)
		s.cancel = word
		s.stop = context.AfterFunc(s.ctx, func() {
			atomic.StoreUint32(word, 1)
			sys.FutexWake(word, 1)
		})
	}
	return s.cancel
}

func (s *sleep) end() {
	if s.stop != nil {
		s.stop()
	}
}

// Sleepers counts the sleepers of this process: those with a thread of their own,
// and those that share hub threads.
func Sleepers() (own, shared int) {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	return int(direct.Load()), hub.sleepers
}
