// Package sync gives locks, conditions, events, barriers and semaphores that several
// processes share, in segments of package shm. Import it as shsync: a bare sync.Mutex
// always means the standard one, and a process-local lock around shared data is a bug.
//
// The model: a lock is one word in shared memory that names the process which
// holds it. Goroutines of that process share the ownership, as with the standard
// sync.Mutex: any of them may unlock. When the holder dies, by SIGKILL too, the
// kernel tells those who wait, and the next one to lock gets [ErrOwnerDied]
// together with the lock: it repairs what the lock protects, calls MarkConsistent
// and goes on. A waiter that dies disturbs nobody. What else a death does:
//
//   - [RWMutex]: that of a writer is told as above, and RLock gives [ErrInconsistent]
//     until somebody has repaired; that of a reader is nothing.
//   - [RecursiveMutex]: is told as above, to the next holder.
//   - [Cond]: what a dead waiter was notified of goes to the next one.
//   - [Once]: somebody else runs the function.
//   - [WaitGroup]: the work that the dead had begun is lost, and Wait tells how much.
//   - [Barrier]: a party is missing, and the others get [ErrBroken].
//   - [Permits]: those of the dead are free.
//   - [Event], [Semaphore], [BoundedSemaphore]: nothing. They have no owner, so what the
//     dead had acquired of a Semaphore stays acquired.
//
// What is in a segment is input: a word that no process writes gives a
// *shm.CorruptError with the name of the field, if it matters to the call, and
// shm.Check tells of it. No call panics or runs for ever because of it.
//
// Guarantees: taking a free lock and giving it back make no system call; for a Mutex
// they are one compare-and-swap each. Waiting does not poll, ends with its context, and needs no
// thread per goroutine. In the terminology of the Go memory model, the n'th
// Unlock synchronizes before the m'th Lock returns, for n < m, across processes
// too.
//
// What it does not do: it is not fair to the nanosecond (a running goroutine may
// overtake a sleeping one), it does not detect deadlocks, and the names here are
// not those of the standard package: Lock returns an error that must be looked at,
// so a Mutex is no sync.Locker; [Mutex.Locker] adapts it.
//
//	m, err := shsync.OpenMutex(seg, "accounts")
//	…
//	switch err := m.Lock(); {
//	case errors.Is(err, shsync.ErrOwnerDied):
//		repair()
//		m.MarkConsistent()
//	case err != nil:
//		return err
//	}
//	defer m.Unlock()
package sync
