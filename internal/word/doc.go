// Package word has the transition functions of lock words: what a word becomes,
// and what its changer has to do then.
//
// The model: each function looks at one value of a word that processes share, at
// who asks and at what is known of the owner, and answers with a [Move]. The caller
// stores Move.Next by compare-and-swap; if that fails it reads the word again and
// asks again. When Next is in the word, or was in it already, the [Verdict] holds,
// and the sleepers that Move.Wake counts have to be woken.
//
// Guarantees: the functions are pure. They read no memory, make no system call and
// know of no time, so that the locks, the sweep of a dead process, and the models
// that try every interleaving run the same code. The fast paths of a lock are
// shortcuts of it, and a test holds them equal.
//
// What it does not do: it neither waits nor finds out who is dead.
//
//	for {
//		w := atomic.LoadUint32(addr)
//		move := word.MutexUnlock(w, self)
//		if move.Verdict == word.NotHeld { return ErrNotHeld }
//		if atomic.CompareAndSwapUint32(addr, w, move.Next) {
//			wake(addr, move.Wake)
//			return nil
//		}
//	}
package word
