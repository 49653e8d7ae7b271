package manager

import (
	"fmt"
	"sync"

	"shmkit/internal/codec"
	"shmkit/internal/host"
	"shmkit/pool"
)

// pools are the workers of all pools of a server.
type pools struct {
	mu   sync.Mutex            // before that of workers
	all  map[*workers]struct{} // that have processes, or are about to
	over bool
	left sync.WaitGroup // a token for each in all
}

// hire makes the workers of a pool; their processes come later.
func (s *pools) hire(size uint64, settings []byte) host.Workers {
	w := &workers{all: s, size: int(min(size, 1<<30))}
	if err := codec.Decode(settings, &w.settings); err != nil {
		w.bad = fmt.Errorf("%w: settings of a pool: %w", ErrArgument, err)
	}
	return w
}

// add notes that w is about to have processes.
// Errors: pool.ErrTerminated when the server ends.
func (s *pools) add(w *workers) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return pool.ErrTerminated
	}
	if s.all == nil {
		s.all = map[*workers]struct{}{}
	}
	s.all[w] = struct{}{}
	s.left.Add(1)
	return nil
}

func (s *pools) remove(w *workers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.all[w]; ok {
		delete(s.all, w)
		s.left.Done()
	}
}

// end gives up all tasks, and all workers. Their processes have ended when left is done.
func (s *pools) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for w := range s.all {
		w.Terminate()
	}
}
