// Package park has the one loop of this module that sleeps.
//
// The model: a blocking call is an attempt that is repeated: try, spin a bounded
// number of times, announce as a waiter, try again, sleep on the words that say
// why. Words are 32-bit futexes in shared memory, or anywhere in tests. Sleepers
// of many processes may wait on one word; a waker calls [Wake].
//
// Guarantees: an attempt that names its words after it has announced itself
// misses no wake-up. A sleep ends when its context does. Up to 8 sleepers of the
// process have an OS thread of their own; all others share hub threads, one for
// about 120 distinct words. Every sleep is bounded, so that a wake-up which a
// killed or stopped process failed to send costs a sleeper at most as long again as
// it, or its hub thread, has waited for anything to happen: at most 256 ms, times
// the number of hub threads, and 8 s. The bound decides nothing else. Words that tell of
// deaths only may be left out of the first 4 ms of a sleep: see [Round.OnDeath].
//
// [Crowd] is for one who waits for many things at once: any number of words, of which none
// keeps a wake-up that another sleeper needs.
//
// What it does not do: it is not fair, and it knows nothing of owners or death;
// a death word is a word like any other.
//
//	err := park.Loop(ctx, func(r *park.Round) (bool, error) {
//		v := atomic.LoadUint32(word)
//		if v != 0 { return true, nil }
//		if !r.Spinning { r.On(word, v) }
//		return false, nil
//	})
package park
