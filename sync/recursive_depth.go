package sync

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
)

// The record beside the mutex word is described in internal/layout. Only who has the
// word writes it; everybody may look whether it has his token.

// token is what h leaves in the record.
func (m *RecursiveMutex) token(h Holder) uint64 {
	if h == (Holder{}) {
		panic("sync: lock of a RecursiveMutex for the zero Holder")
	}
	return m.tokenOf(h)
}

func (m *RecursiveMutex) tokenOf(h Holder) uint64 { return layout.RecursiveToken(m.mutex.self, h.n) }

// holds tells whether the holder whose token is mine has the lock. Nobody but that
// holder makes it true, and a sweep makes it false before it takes the word. On the
// word of a closed handle it is false without a look at the record.
func (m *RecursiveMutex) holds(mine uint64) bool {
	w := atomic.LoadUint32(m.mutex.word.Load())
	held := w&layout.OwnerMask == m.mutex.self && atomic.LoadUint64(&m.record.Token) == mine
	runtime.KeepAlive(m) // or the collector may end the use of the object meanwhile
	return held
}

// own notes that mine has the lock. Requires the word.
func (m *RecursiveMutex) own(mine uint64) {
	atomic.StoreUint32(&m.record.Depth, 1)
	atomic.StoreUint64(&m.record.Token, mine)
}

// disown must come before the word is given back: the next one has its own token.
func (m *RecursiveMutex) disown() { atomic.StoreUint64(&m.record.Token, 0) }

func (m *RecursiveMutex) deeper() error {
	for {
		depth := atomic.LoadUint32(&m.record.Depth)
		if depth == math.MaxUint32 {
			return ErrTooMany
		}
		if atomic.CompareAndSwapUint32(&m.record.Depth, depth, depth+1) {
			runtime.KeepAlive(m)
			return nil
		}
	}
}

// shallower takes one level off, unless it is the last.
func (m *RecursiveMutex) shallower() bool {
	for {
		depth := atomic.LoadUint32(&m.record.Depth)
		if depth <= 1 {
			return false
		}
		if atomic.CompareAndSwapUint32(&m.record.Depth, depth, depth-1) {
			runtime.KeepAlive(m)
			return true
		}
	}
}

// missing is why a holder that does not have the lock cannot do something with it.
func (m *RecursiveMutex) missing() error {
	if m.mutex.word.Load() == &closedWord {
		return ErrClosed
	}
	return ErrNotHeld
}

// unlockAll gives the lock back whatever the depth, which it tells; see restore.
func (m *RecursiveMutex) unlockAll(h Holder) (depth uint32, err error) {
	if !m.holds(m.tokenOf(h)) {
		return 0, m.missing()
	}
	depth = atomic.LoadUint32(&m.record.Depth)
	m.disown()
	return depth, m.mutex.Unlock()
}

// restore is LockContext to the depth of before unlockAll. With [ErrOwnerDied] too the
// lock is held so deep.
func (m *RecursiveMutex) restore(ctx context.Context, h Holder, depth uint32) error {
	err := m.LockContext(ctx, h)
	if (err == nil || err == ErrOwnerDied) && m.holds(m.tokenOf(h)) {
		atomic.StoreUint32(&m.record.Depth, depth)
	}
	return err
}
