package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"shmkit/array"
	"shmkit/internal/codec"
	"shmkit/internal/function"
	"shmkit/process"
	"shmkit/ring"
	"shmkit/shm"
)

// setup is what a worker is started with.
type setup struct {
	Tasks, Results *ring.Queue[[]byte]
	Table          *array.Array[uint64]
	Places         int
	Position       int
	Worker         uint32 // in words
	Longest        int    // frame for the queue, in bytes
	PerChild       int    // tasks; 0: any number
	Memory         int64  // bytes; 0: any number
	Init           string // name of the initializer
	Arg            []byte // its argument, encoded
}

// worker is the function that is a worker.
var worker = process.Register("shmkit/pool.worker", func(ctx context.Context, s setup) error {
	w := &inside{setup: s, table: tableOf(s.Table, s.Places), clock: newClock(), ctx: ctx, end: make(chan error, 1)}
	w.spares.heap, w.spares.most = w.parentHeap, workerSpare
	if s.Memory > 0 {
		debug.SetMemoryLimit(s.Memory / 4 * 3) // the runtime has some beside
	}
	if err := w.initialize(); err != nil {
		return err
	}
	ready := frame{kind: kindReady, word: wordOf(0, stateFree, s.Worker), timeout: int64(os.Getpid())}
	buf := codec.NewBuffer()
	ready.writeHead(buf)
	if err := s.Results.Put(buf.Bytes()); err != nil {
		return err
	}
	go w.loop()
	return <-w.end
})

// inside is a worker, in its own process.
type inside struct {
	setup
	table  *table
	clock  clock
	ctx    context.Context
	end    chan error // why it ends
	ran    int        // tasks
	raw    []byte     // memory of frames
	now    *running   // nil: between tasks
	kept   []kept
	heap   *shm.Segment // the parent's; nil until it is needed
	spares spares       // for long results
	room   []byte       // see makeRoom
}

// atStep is called between the steps of a worker. Tests end it there.
var atStep = func(string) {}

var errCondemned = errors.New("pool: the task was given up by the parent")

// initialize runs the initializer.
func (w *inside) initialize() (err error) {
	if w.Init == "" {
		return nil
	}
	f, ok := function.Find(w.Init)
	if !ok {
		return fmt.Errorf("pool: initializer %q is not registered in the worker", w.Init)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("pool: initializer %s: panic: %v\n%s", w.Init, r, debug.Stack())
		}
	}()
	_, err = f.Call(w.ctx, w.Arg, func() {})
	return err
}

// loop runs tasks until there are no more. A function may end the goroutine that it runs in:
// then another one goes on.
func (w *inside) loop() {
	over := false
	defer func() {
		if !over {
			go w.loop()
		}
	}()
	for {
		if err := w.step(); err != nil {
			over = true
			if err == ring.ErrClosed || err == errEnough {
				err = nil
				w.awaitKept()
			}
			w.spares.close()
			w.end <- err
			return
		}
	}
}

var errEnough = errors.New("pool: the worker has run all tasks that it may")

// step takes a task and runs it, or goes on with the one that it has.
func (w *inside) step() error {
	if w.now == nil {
		lease, err := w.lease()
		if err != nil {
			return err
		}
		if w.now, err = w.take(lease); err != nil || w.now == nil {
			return err
		}
	}
	w.now.run(w)
	if err := w.finish(); err != nil {
		return err
	}
	if w.ran++; w.ran == w.PerChild {
		return errEnough
	}
	return nil
}

// take makes a task ours, and gives its message back to the queue if it is stale: nil. Until
// the swap another worker gets the task if we die; from then on the parent decides.
func (w *inside) take(lease *ring.Lease[[]byte]) (*running, error) {
	w.raw = append(w.raw[:0], *lease.Value...)
	f, err := readFrame(w.raw)
	if err == nil && f.place >= uint32(w.Places) {
		err = fmt.Errorf("%w: place %d of %d", ErrCorrupt, f.place, w.Places)
	}
	if err != nil {
		lease.Ack()
		return nil, err
	}
	atStep("leased")
	limited := f.timeout > 0
	w.table.begin(w.Position, w.clock.now(), !limited)
	atStep("noted")
	mine := w.table.swap(f.place, f.word, f.word.by(w.Worker, stateRunning))
	if mine && limited { // its time does not count from before that
		w.table.begin(w.Position, w.clock.now(), true)
	}
	atStep("taken")
	if err := lease.Ack(); err != nil || !mine {
		return nil, err
	}
	atStep("acknowledged")
	if f.flags&flagSpilled != 0 {
		w.makeRoom()
	}
	return newRunning(w, f), nil
}

// roomSize is address space: nobody writes to it, so it is no memory.
const roomSize = 32 << 20

// makeRoom lets the garbage collector of a worker that gets long arguments wait until there
// is so much garbage. Each is garbage soon, and almost all that a small program has: it would
// be collected for every few of them, which takes longer than to copy them.
func (w *inside) makeRoom() {
	if w.room == nil && w.Memory == 0 && os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		w.room = make([]byte, roomSize)
	}
}

// finish gives the parent the results of the task. If that has given it up it has condemned
// this process too.
func (w *inside) finish() error {
	r := w.now
	w.now = nil
	defer r.buf.Free()
	f := r.frame
	atStep("ran")
	b := r.buf.Bytes()
	if len(b) > w.Longest {
		short, arr, err := w.spares.spill(b)
		if err != nil {
			short = lose(b, err)
		} else {
			r.keep = append(r.keep, spilled{arr})
		}
		b = short
	}
	if !w.table.swap(f.place, f.word.by(w.Worker, stateRunning), f.word.by(w.Worker, stateDone)) {
		return errCondemned
	}
	address(b, f.place, f.word.by(w.Worker, stateDone))
	if len(r.keep) > 0 {
		w.kept = append(w.kept, kept{f.place, f.word.by(w.Worker, stateDone), r.keep})
	}
	atStep("done")
	err := w.Results.Put(b)
	atStep("put")
	return err
}

// parentHeap is where long results are, so that nothing is left of this process if it is
// killed.
func (w *inside) parentHeap() (*shm.Segment, error) {
	if w.heap == nil {
		h, err := w.Table.Handle()
		if err != nil {
			return nil, err
		}
		if w.heap, err = shm.Open(h.Path); err != nil {
			return nil, err
		}
	}
	return w.heap, nil
}

// kept is what results refer to that the parent has not decoded yet.
type kept struct {
	place  uint32
	word   word
	values []any
}

// spilled is an array of spares, to which it goes back.
type spilled struct{ *array.Array[byte] }

// release drops what the parent has by now.
func (w *inside) release() {
	n := 0
	for _, k := range w.kept {
		if w.table.load(k.place) == k.word {
			w.kept[n] = k
			n++
			continue
		}
		for _, v := range k.values {
			if s, ok := v.(spilled); ok {
				w.spares.give(s.Array)
			}
		}
	}
	clear(w.kept[n:])
	w.kept = w.kept[:n]
}

const (
	firstPause = 20 * time.Microsecond
	lastPause  = 5 * time.Millisecond
)

// lease waits for a task. While something is kept it looks now and then whether the parent
// has it.
func (w *inside) lease() (*ring.Lease[[]byte], error) {
	for pause := firstPause; len(w.kept) > 0; pause = min(2*pause, lastPause) {
		if w.release(); len(w.kept) == 0 {
			break
		}
		l, err := w.leaseFor(pause)
		if !errors.Is(err, context.DeadlineExceeded) {
			return l, err
		}
	}
	return w.Tasks.Lease()
}

func (w *inside) leaseFor(pause time.Duration) (*ring.Lease[[]byte], error) {
	ctx, cancel := context.WithTimeout(context.Background(), pause)
	defer cancel()
	return w.Tasks.LeaseContext(ctx)
}

// awaitKept waits until the parent has all that is kept.
func (w *inside) awaitKept() {
	for pause := firstPause; len(w.kept) > 0; pause = min(2*pause, lastPause) {
		w.release()
		time.Sleep(pause)
	}
}
