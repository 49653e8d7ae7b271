// Package storm lets processes work on shared objects at random while they are
// killed at random, and then asks what must hold.
//
// The model: the test starts P processes. Each opens one segment and runs some
// lanes, which are goroutines that do one random operation after the other: a lane
// is told from a process because it goes on, in another process, when its own was
// killed. A killer stops, kills and restarts processes. Before an operation a lane
// writes a record to a pipe, and after it another one. So the [Ledger], which the
// test keeps outside of shared memory, knows what was acknowledged, and what was
// begun by somebody who died: that may have happened or not. What there is to do is
// a list of actors, each a file with its objects, its operations and its law; see
// [Actor].
//
// Guarantees: the processes, the signals and the objects are real. While it runs,
// nobody but the workers is attached, so that at times nobody is. A lane that makes
// no progress ends the run with all stacks and the state of the segment. One seed
// gives one schedule of operations and kills, as far as the scheduler allows.
//
// What it does not do: it does not shrink a failure. The instants it hits are those
// that the scheduler leads to; package crash has them all. Test support: no program
// uses it.
//
//	storm.Run(t, storm.Config{Time: 5 * time.Second, Seed: 1, Procs: 4})
package storm
