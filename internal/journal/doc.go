// Package journal keeps the records of a single writer in a file, so that a process that is
// killed at any instruction finds them again.
//
// The model: one process at a time has a [Log]; a lock of the kernel on the file says which,
// and goes when that process dies. The writer, under a lock of its own, appends a record,
// which touches memory only, changes its state, and leaves the lock. Then, before anybody is
// told of the change, it calls [Log.Flush]: of those who do so at once one writes for all. When
// the process starts again it replays what there is: a snapshot of its state, if there is one,
// and the records after it. [Log.Compact] puts a new snapshot in their place.
//
// Guarantees: what Flush returned for is replayed, in order and without a gap, after a SIGKILL
// at any instruction, of Compact too: the file at the path is then the old one or the new one,
// whole. What was appended and not flushed may be replayed: the last ones are lost, none in
// between. A record that was cut off by a kill or a full disk is taken away; one that is damaged
// and has whole ones behind it is a [*CorruptError], as is a damaged header or snapshot, and the
// file stays as it is. After a write that failed the log stays failed, and nothing more is
// acknowledged. The bytes of the file are input: no length in it makes Replay allocate more than
// is there.
//
// What it does not do: survive a loss of power, unless [Sync] is asked for; after Compact the snapshot
// does. Tell a last record that was damaged later from one that was cut off, with Sync also
// the last records that were written together: nothing whole is behind them, so they are taken
// away. Share a log with another process, or limit what is appended and not flushed: that is in
// memory. A process that a server forks has the lock until it execs, so who restarts a server
// that was killed may have to try again after [ErrInUse].
//
//	log, err := journal.Open(path)
//	err = log.Replay(state.load, func(_ uint64, b []byte) error { return state.apply(b) })
//	…
//	state.mu.Lock()
//	index, err := log.Append(operation)
//	answer := state.apply(operation)
//	state.mu.Unlock()
//	if err = log.Flush(index); err == nil {
//		send(answer)
//	}
//
// Lock order: Log.compacting, Log.turn, Log.mu. The bytes are in docs/journal.md.
package journal
