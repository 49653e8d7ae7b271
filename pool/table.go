package pool

import (
	"sync/atomic"

	"shmkit/array"
)

// lineWords is how many words a line of the processor's cache has, and the next one, which
// it takes with it. Each place has a line of its own.
const lineWords = 16

// table is what parent and workers have in common beside the queues: the word of each
// place, and for each worker since when it has its task.
type table struct {
	array  *array.Array[uint64]
	words  []uint64
	places int
}

func newTable(places, workers int) (*table, error) {
	arr, err := array.New[uint64]((places + workers) * lineWords)
	if err != nil {
		return nil, err
	}
	return tableOf(arr, places), nil
}

// tableOf is the table in arr, which it keeps open.
func tableOf(arr *array.Array[uint64], places int) *table {
	return &table{arr, arr.Slice(), places}
}

func (t *table) load(place uint32) word {
	return word(atomic.LoadUint64(&t.words[place*lineWords]))
}

func (t *table) swap(place uint32, from, to word) bool {
	return atomic.CompareAndSwapUint64(&t.words[place*lineWords], uint64(from), uint64(to))
}

// begin notes when the worker at a position begins its next task, in time:63 | sure:1. Before
// it takes the task it may not be sure: it may be stopped before it does.
func (t *table) begin(position int, now int64, sure bool) {
	noted := uint64(now) << 1
	if sure {
		noted |= 1
	}
	atomic.StoreUint64(&t.words[(t.places+position)*lineWords], noted)
}

// begun is when the worker at a position began the last task that it took.
func (t *table) begun(position int) (at int64, sure bool) {
	noted := atomic.LoadUint64(&t.words[(t.places+position)*lineWords])
	return int64(noted >> 1), noted&1 != 0
}
