package host

import "shmkit/internal/wire"

func init() {
	define(wire.TypeMutex, makeLock, loadLock, map[wire.Method]method{
		wire.MutexLock:    {"Lock", false, lockLock},
		wire.MutexUnlock:  {"Unlock", false, lockUnlock},
		wire.MutexAbandon: {"Abandon", false, lockAbandon},
		wire.MutexMark:    {"MarkConsistent", false, lockMark},
		wire.MutexInfo:    {"Info", true, lockInfo},
	})
	define(wire.TypeRecursiveMutex, makeLock, loadLock, map[wire.Method]method{
		wire.RecursiveLock:    {"Lock", false, lockLock},
		wire.RecursiveUnlock:  {"Unlock", false, lockUnlock},
		wire.RecursiveAbandon: {"Abandon", false, lockAbandon},
		wire.RecursiveMark:    {"MarkConsistent", false, lockMark},
		wire.RecursiveInfo:    {"Info", true, lockInfo},
	})
}

// arguments gives the lock and who calls: a holder of the session, 0 of a Mutex.
// Errors: wire.ErrBody; CodeArgument.
func lockArguments(c *Call) (l *lock, holder uint64, err error) {
	l = c.e.object.(*lock)
	if c.e.kind == wire.TypeRecursiveMutex {
		if holder = c.in.Uint(); holder == 0 && c.in.Err() == nil {
			return l, 0, wire.NewFault(wire.CodeArgument, "manager: %s: holder 0 is nobody", c.e.title(c.method))
		}
	}
	return l, holder, c.in.End()
}

// heldBy gives the lock if the caller holds it.
// Errors: CodeNotHeld; those of lockArguments.
func lockHeld(c *Call) (*lock, error) {
	l, holder, err := lockArguments(c)
	switch {
	case err != nil:
		return nil, err
	case l.owner == 0:
		return nil, wire.NewFault(wire.CodeNotHeld, "manager: %s: it is not locked", c.e.title(c.method))
	case l.owner != c.s.id:
		return nil, wire.NewFault(wire.CodeNotHeld, "manager: %s: another client holds it", c.e.title(c.method))
	case l.holder != holder:
		return nil, wire.NewFault(wire.CodeNotHeld, "manager: %s: another holder of this client holds it", c.e.title(c.method))
	}
	return l, nil
}

func lockLock(c *Call) error {
	l, holder, err := lockArguments(c)
	switch {
	case err != nil:
		return err
	case l.lost:
		return errLost
	case holder != 0 && l.owner == c.s.id && l.holder == holder:
		return l.deeper(c)
	case l.owner != 0 || l.waiting.n > 0:
		w, err := c.register()
		if err != nil {
			return err
		}
		w.n = holder
		l.waiting.push(w)
		return errWaits
	}
	l.take(c.h, c.e, c.s, holder, 1)
	c.out = wire.AppendBool(c.out, l.died)
	return nil
}

// deeper is Lock by who has it. It was told of a death before, if it had to be.
func (l *lock) deeper(c *Call) error {
	if l.levels == lockLevels {
		return wire.NewFault(wire.CodeTooMany, "manager: %s: the holder has locked it %d times", c.e.title(c.method), l.levels)
	}
	l.levels++
	c.out = wire.AppendBool(c.out, false)
	return nil
}

func lockUnlock(c *Call) error {
	l, err := lockHeld(c)
	if err != nil {
		return err
	}
	if l.levels--; l.levels == 0 {
		l.lost = l.died
		c.h.unlease(c.s, c.e)
		l.give(c.h, c.e)
	}
	return nil
}

func lockAbandon(c *Call) error {
	l, err := lockHeld(c)
	if err != nil {
		return err
	}
	if l.levels--; l.levels == 0 {
		l.died = true
		c.h.unlease(c.s, c.e)
		l.give(c.h, c.e)
	}
	return nil
}

func lockMark(c *Call) error {
	l, err := lockHeld(c)
	if err != nil {
		return err
	}
	if !l.died {
		return wire.NewFault(wire.CodeConsistent, "manager: %s: it is consistent", c.e.title(c.method))
	}
	l.died = false
	return nil
}

func lockInfo(c *Call) error {
	l := c.e.object.(*lock)
	if err := c.in.End(); err != nil {
		return err
	}
	c.out = wire.AppendLockInfo(c.out, &wire.LockInfo{
		Session: l.owner, Holder: l.holder, Levels: l.levels, Died: l.died, Lost: l.lost, Waiting: uint64(l.waiting.n),
	})
	return nil
}
