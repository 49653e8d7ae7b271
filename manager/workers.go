package manager

import (
	"context"
	"sync"

	"shmkit/pool"
)

// workers are those of one pool of a server. The host says when they take no more tasks. The
// processes come with the first one.
//
//	begun   closed  state
//	nil     no      there are no processes
//	open    any     somebody starts them, and others wait; what the host says is done then
//	closed  no      they are there, or err tells why not: then begun is nil again
//	closed  yes     they end when their tasks have
//	nil     yes     there will be none
type workers struct {
	all      *pools
	size     int
	settings poolSettings
	bad      error // the settings make no sense

	mu         sync.Mutex
	line       chan struct{} // closed when all was passed on to the pool that came so far
	begun      chan struct{}
	pool       *pool.Pool
	err        error
	closed     bool
	withdraw   bool
	terminated bool
}

// begin gives the pool. It starts it if nobody has, or waits for who does.
func (w *workers) begin() (*pool.Pool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if begun := w.begun; begun != nil {
		w.mu.Unlock()
		<-begun
		w.mu.Lock()
		return w.pool, w.err
	}
	if w.closed {
		return nil, pool.ErrClosed
	}
	begun := make(chan struct{})
	w.begun = begun
	w.mu.Unlock()
	p, err := w.start()
	w.mu.Lock()
	defer close(begun)
	if w.pool, w.err = p, err; err != nil {
		w.begun = nil
		return nil, err
	}
	w.tellLocked()
	return p, nil
}

// start starts the processes.
func (w *workers) start() (*pool.Pool, error) {
	if w.bad != nil {
		return nil, w.bad
	}
	options, err := w.settings.options()
	if err != nil {
		return nil, err
	}
	if err := w.all.add(w); err != nil {
		return nil, err
	}
	p, err := pool.New(w.size, options...)
	if err != nil {
		w.all.remove(w)
		return nil, err
	}
	return p, nil
}

// tellLocked tells the pool what the host has said.
func (w *workers) tellLocked() {
	switch {
	case w.pool == nil:
		return
	case w.terminated:
		w.pool.Terminate()
	case w.withdraw:
		go w.pool.Shutdown(context.Background(), true)
	case w.closed:
		w.pool.Close()
	default:
		return
	}
	go func() {
		w.pool.Join(context.Background())
		w.all.remove(w)
	}()
}

// Close implements host.Workers.
func (w *workers) Close(withdraw bool) {
	go w.inLine()(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.closed, w.withdraw = true, w.withdraw || withdraw
		w.tellLocked()
	})
}

// Terminate implements host.Workers.
func (w *workers) Terminate() {
	go w.inLine()(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.closed, w.terminated = true, true
		w.tellLocked()
	})
}

// inLine takes a place in the order of what is asked for. Whoever does calls what it gives,
// which waits for those before, calls f, and lets those behind go on.
func (w *workers) inLine() func(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, done := w.line, make(chan struct{})
	w.line = done
	return func(f func()) {
		defer close(done)
		if before != nil {
			<-before
		}
		f()
	}
}

// join waits until the processes have ended; there may be none.
func (w *workers) join(ctx context.Context) error {
	w.mu.Lock()
	begun, closed := w.begun, w.closed
	w.mu.Unlock()
	switch {
	case !closed:
		return pool.ErrRunning
	case begun == nil:
		return nil
	}
	<-begun
	w.mu.Lock()
	p := w.pool
	w.mu.Unlock()
	if p == nil {
		return nil
	}
	return p.Join(ctx)
}
