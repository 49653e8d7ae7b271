package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// lockLevels is how often one holder can lock a RecursiveMutex.
const lockLevels = 1<<32 - 1

// A lock is a Mutex or a RecursiveMutex. A session holds it; of a recursive one a holder of
// that session, which may lock it again. Who waits is served in order, by Grant. The waits of
// a Cond that take their lock again stand in the same queue.
//
//	owner  died  lost  meaning                        who locks             Unlock → · expiry of the owner →
//	0      no    no    free                           has it, or is behind
//	0      yes   no    free, and a holder died inside has it, and is told
//	0      any   yes   useless                        errLost
//	s      no    no    held                           waits                 free · free, died
//	s      yes   no    held by who was told           waits                 lost · free, died
//
// Abandon and the Wait of a Cond leave died as it is, and so do not lose the lock. With an
// owner there is one lease of it. Without one, and with somebody in the queue, a Grant is
// proposed: whoever comes meanwhile stands behind, so the order is that in which they came.
type lock struct {
	still
	owner   uint64 // session
	holder  uint64 // of that session; 0 of a Mutex
	levels  uint64
	died    bool // a holder died, and nobody has said that what it protects is consistent
	lost    bool
	waiting queue
}

var errLost = wire.NewFault(wire.CodeNotRecoverable, "manager: a holder died, and the one after it gave the lock back without repairing what it protects")

func makeLock(c *Call) (object, error) { return &lock{}, c.in.End() }

func loadLock(_ *Host, r *wire.Reader) (object, error) {
	l := &lock{owner: r.Uint(), holder: r.Uint(), levels: r.Uint(), died: r.Bool(), lost: r.Bool()}
	return l, r.Err()
}

func (l *lock) save(b []byte) []byte {
	b = wire.AppendUint(wire.AppendUint(wire.AppendUint(b, l.owner), l.holder), l.levels)
	return wire.AppendBool(wire.AppendBool(b, l.died), l.lost)
}

func (l *lock) queues() []*queue { return []*queue{&l.waiting} }

func (l *lock) info() string {
	switch {
	case l.lost:
		return "not recoverable"
	case l.owner == 0 && l.died:
		return "owner died"
	case l.owner == 0:
		return "free"
	}
	return fmt.Sprintf("held by session %#x, %d wait", l.owner, l.waiting.n)
}

// take makes s the owner.
func (l *lock) take(h *Host, e *entry, s *session, holder, levels uint64) {
	l.owner, l.holder, l.levels = s.id, holder, levels
	h.lease(s, e)
}

// give makes l free, or useless, and proposes that the next one gets it, or hears of it. The
// owner has no lease any more.
func (l *lock) give(h *Host, e *entry) {
	l.owner, l.holder, l.levels = 0, 0, 0
	if l.waiting.n > 0 {
		h.propose(wire.Grant, e.id)
	}
}

func (l *lock) grant(h *Host, e *entry) {
	for l.waiting.n > 0 && l.owner == 0 {
		w := l.waiting.first
		switch {
		case l.lost:
			h.finish(w, nil, errLost)
			passOn(h, w)
		case w.method == wire.CondWait:
			l.take(h, e, w.s, w.n, condLevels(w))
			h.finish(w, []byte{w.stage, bit(l.died)}, nil)
		default:
			l.take(h, e, w.s, w.n, 1)
			h.finish(w, []byte{bit(l.died)}, nil)
		}
	}
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// giveUp does not end the wait of a Cond that takes its lock again: it has nothing else to do.
func (l *lock) giveUp(h *Host, w *wait, fault *wire.Fault) {
	if w.method != wire.CondWait {
		h.finish(w, nil, fault)
	}
}

func (l *lock) abandon(h *Host, w *wait) {
	h.unwait(w)
	passOn(h, w)
}

func (l *lock) leave(h *Host, e *entry, s *session) {
	if l.owner == s.id {
		l.died = true
		l.give(h, e)
	}
}

// left: the session could never unlock it, so it goes on as if that had died.
func (l *lock) left(h *Host, e *entry, s *session) {
	endWaits(h, e, s)
	if l.owner == s.id {
		h.unlease(s, e)
		l.leave(h, e, s)
	}
}
