package pipe

import (
	"container/list"
	"context"
	"sync"
)

// lobby holds the clients whose handshake runs. If there are too many the one that has
// taken longest must leave: those who have the key need a moment only.
type lobby struct {
	mu     sync.Mutex
	inside list.List // of context.CancelCauseFunc, oldest first
}

// maxInside is how many handshakes run at once.
const maxInside = 256

// enter gives a context for one handshake, which ends with ErrEvicted if it must leave.
func (l *lobby) enter(parent context.Context) (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(parent)
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.inside.PushBack(cancel)
	if l.inside.Len() > maxInside {
		oldest := l.inside.Front()
		l.inside.Remove(oldest)
		oldest.Value.(context.CancelCauseFunc)(ErrEvicted)
	}
	return ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.inside.Remove(at)
		cancel(context.Canceled)
	}
}
