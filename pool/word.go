package pool

import "fmt"

// word is what parent and workers know of a place: who has its task, in
// generation:36 | state:4 | worker:24. All changes are compare-and-swaps, and whoever
// makes one has decided what becomes of the task.
//
//	word           who has the task         next, and who makes it that
//	free(g)        nobody                   queued(g): the parent, then it puts the task
//	queued(g)      the queue                running(g,w): worker w, which has leased the task
//	                                        free(g+1): the parent, which withdraws it
//	running(g,w)   w                        done(g,w): w, then it puts the result
//	                                        condemned(g,w): the parent, then it kills w
//	                                        free(g+1): the parent, because w has died
//	done(g,w)      w, or the result queue   free(g+1): the parent, which has the result, or
//	                                        all that w has put and knows that w has died
//	condemned(g,w) nobody                   free(g+1): the parent, because w has died
//
// A task that is leased and is not queued(g) is stale, and dropped. A worker that finds its
// task condemned ends itself. Generations wrap after 2^36 tasks of one place.
type word uint64

type state uint8

const (
	stateFree state = iota
	stateQueued
	stateRunning
	stateDone
	stateCondemned
)

const (
	workerBits     = 24
	stateBits      = 4
	workerMask     = 1<<workerBits - 1
	generationMask = 1<<(64-workerBits-stateBits) - 1
)

func wordOf(generation uint64, s state, worker uint32) word {
	return word(generation&generationMask<<(workerBits+stateBits) | uint64(s)<<workerBits | uint64(worker)&workerMask)
}

func (w word) generation() uint64 { return uint64(w) >> (workerBits + stateBits) }
func (w word) state() state       { return state(w >> workerBits & (1<<stateBits - 1)) }
func (w word) worker() uint32     { return uint32(w & workerMask) }

// by is w in state s, of a worker.
func (w word) by(worker uint32, s state) word { return wordOf(w.generation(), s, worker) }

// freed is the word of the place after the task of w.
func (w word) freed() word { return wordOf(w.generation()+1, stateFree, 0) }

// belongs tells whether w is of a task that the worker has, or had when it died.
func (w word) belongs(worker uint32) bool { return w.state() >= stateRunning && w.worker() == worker }

// follows tells whether w can be the word of a place as long as it has the task of queued.
func (w word) follows(queued word) bool {
	return w == queued || w == queued.freed() ||
		w.generation() == queued.generation() && w.state() > stateQueued && w.state() <= stateCondemned
}

// String is for people.
func (w word) String() string {
	names := [...]string{"free", "queued", "running", "done", "condemned"}
	if int(w.state()) >= len(names) {
		return fmt.Sprintf("damaged(%#x)", uint64(w))
	}
	return fmt.Sprintf("%s(%d,%d)", names[w.state()], w.generation(), w.worker())
}
