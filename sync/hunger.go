package sync

import (
	"context"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/sys"
	"shmkit/internal/word"
)

// A lock goes to whoever comes first, and a process that runs comes before one that has
// to be woken: that makes it quick, and it can keep a sleeper from the lock for ever. So
// a sleeper that has waited for park.Patience says so in Mutex.Hungry, with a number of
// its own. Who gives the lock back then leaves W set, so that no fast path can take it,
// and wakes the hungry one besides; and who comes to the lock and finds it free with W
// set leaves it to the hungry one, for politeness at most:
//
//	word  Hungry       Lock
//	W 0   0, or own    takes it
//	W 0   another's    sleeps until that changes, or politeness is over; then takes it
//
// Nothing depends on it. A hungry one that is killed or stopped costs the next one that
// politeness, once: who has waited in vain takes the number away. TryLock, C and a
// context that has ended are never polite, and so may take the lock and give it back all
// the time while others are: politeness ends at a time, however often it is woken.
const politeness = time.Millisecond

// hunger is that of one call of Lock.
type hunger struct {
	since  int64  // when it first went to sleep, ns of CLOCK_MONOTONIC; 0 = not yet
	token  uint32 // what it wrote to Mutex.Hungry, 0 = nothing
	passes uint32 // whom it has let pass last, 0 = nobody
	until  int64  // when that is over
}

// grow is called before each sleep on a lock that somebody holds, and says when it is
// time to be hungry, or what wakes the hungry.
func (h *hunger) grow(r *park.Round, m *layout.Mutex) {
	now := sys.Monotonic()
	if h.since == 0 {
		h.since = now
	}
	if wait := park.Patience - time.Duration(now-h.since); wait > 0 {
		r.Within(wait)
		return
	}
	if h.token == 0 {
		h.token = uint32(now) | 1
	}
	// sync: hungry
	if atomic.LoadUint32(&m.Hungry) == h.token || atomic.CompareAndSwapUint32(&m.Hungry, 0, h.token) {
		r.On(&m.Hungry, h.token)
	}
}

// letPass tells whether a lock that is free, with W set, is left to another who is
// hungry, and names what to sleep on until then.
func (h *hunger) letPass(ctx context.Context, r *park.Round, m *layout.Mutex) bool {
	token := atomic.LoadUint32(&m.Hungry) // sync: hungry
	if token == 0 || token == h.token || ctx.Err() != nil {
		return false
	}
	if r.Spinning {
		return true
	}
	now := sys.Monotonic()
	if h.passes != token {
		h.passes, h.until = token, now+int64(politeness)
	}
	wait := time.Duration(h.until - now)
	if wait <= 0 {
		atomic.CompareAndSwapUint32(&m.Hungry, token, 0) // sync: hungry
		return false
	}
	r.On(&m.Word, layout.MutexWaiters)
	r.On(&m.Hungry, token)
	r.Within(wait)
	return true
}

// end is called when the call has the lock, before it wakes anybody, or when it gives
// up.
func (h *hunger) end(m *layout.Mutex) {
	if h.token != 0 {
		atomic.CompareAndSwapUint32(&m.Hungry, h.token, 0) // sync: hungry
	}
}

// mutexUnlock is MutexUnlock, or MutexPass if somebody is hungry.
func (m *Mutex) mutexUnlock(w, self uint32) word.Move {
	if atomic.LoadUint32(&m.obj.Mutex().Hungry) != 0 { // sync: hungry
		return word.MutexPass(w, self)
	}
	return word.MutexUnlock(w, self)
}
