package manager

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shmkit/internal/wire"
	shsync "shmkit/sync"
)

// LockInfo is a snapshot of a Mutex or a RecursiveMutex, and plain data: when the holder's
// process dies it stays as it is.
type LockInfo struct {
	State   string // "free", "held", "owner died", "not recoverable"
	Session uint64 // of the client that holds it, or 0
	Mine    bool   // that is the client of this handle
	Holder  uint64 // of that client, see [shsync.Holder.Number]; 0 of a Mutex
	Levels  int    // how often the holder has locked it
	Died    bool   // a holder died, and nobody has called MarkConsistent
	Waiting int
}

// String is one line for people.
func (i *LockInfo) String() string {
	if i.Session == 0 {
		return i.State
	}
	s := fmt.Sprintf("%s by session %#x", i.State, i.Session)
	if i.Holder != 0 {
		s += fmt.Sprintf(", holder %d, %d times", i.Holder, i.Levels)
	}
	if i.Waiting > 0 {
		s += fmt.Sprintf(", %d wait", i.Waiting)
	}
	return s
}

// lock calls the Lock of a lock, which unlock and abandon undo. An error that ctx ended with is
// none of ours.
func (p *proxy) lock(ctx context.Context, m, unlock, abandon wire.Method, args []byte, patience time.Duration) error {
	k, r, err := p.await(ctx, m, args, patience, func(answer wire.Reader) (wire.Frame, bool) {
		f := wire.Frame{Method: unlock, Object: p.ref.id, Body: args}
		if answer.Bool() {
			f.Method = abandon
		}
		return f, true
	})
	if err != nil {
		return notOurs(p.within(ctx), err, shsync.ErrOwnerDied)
	}
	defer k.free()
	if r.Bool() {
		return shsync.ErrOwnerDied
	}
	return r.Err()
}

// tried is the result of a call that did not wait.
func tried(err error) (ok bool, _ error) {
	if errors.Is(err, ErrWouldWait) {
		return false, nil
	}
	return err == nil || errors.Is(err, shsync.ErrOwnerDied), err
}

func (p *proxy) lockInfo(m wire.Method) (*LockInfo, error) {
	k, r, err := p.call(inherit, m, nil, 0)
	if err != nil {
		return nil, err
	}
	defer k.free()
	w := r.LockInfo()
	if err := r.End(); err != nil {
		return nil, err
	}
	i := &LockInfo{
		State: "free", Session: w.Session, Mine: w.Session == p.ref.c.session, Holder: w.Holder,
		Levels: int(w.Levels), Died: w.Died, Waiting: int(w.Waiting),
	}
	switch {
	case w.Lost:
		i.State = "not recoverable"
	case w.Session != 0:
		i.State = "held"
	case w.Died:
		i.State = "owner died"
	}
	return i, nil
}
