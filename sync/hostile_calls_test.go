package sync_test

import (
	"context"

	shsync "shmkit/sync"
)

// calls takes each call of an object.
type calls = func(call string, f func(ctx context.Context) error)

func fails(bool) error    { return errFailed }
func succeeds(bool) error { return nil }

func mutexCalls(m *shsync.Mutex, do calls) {
	do("LockContext", m.LockContext)
	do("TryLock", func(context.Context) error { return second(m.TryLock()) })
	do("MarkConsistent", func(context.Context) error { return m.MarkConsistent() })
	do("Unlock", func(context.Context) error { return m.Unlock() })
	do("WithContext", func(ctx context.Context) error { return m.WithContext(ctx, succeeds) })
	do("WithContext, fails", func(ctx context.Context) error { return m.WithContext(ctx, fails) })
	told(do, m.Info, m.String, m.Handle)
	do("Unlock, at last", func(context.Context) error { return m.Unlock() })
}

func rwmutexCalls(rw *shsync.RWMutex, do calls) {
	do("RLockContext", rw.RLockContext)
	do("TryRLock", func(context.Context) error { return second(rw.TryRLock()) })
	do("RUnlock", func(context.Context) error { return rw.RUnlock() })
	do("TryLock", func(context.Context) error { return second(rw.TryLock()) })
	do("LockContext", rw.LockContext)
	do("MarkConsistent", func(context.Context) error { return rw.MarkConsistent() })
	do("Unlock", func(context.Context) error { return rw.Unlock() })
	do("WithContext", func(ctx context.Context) error { return rw.WithContext(ctx, succeeds) })
	do("WithContext, fails", func(ctx context.Context) error { return rw.WithContext(ctx, fails) })
	do("RWithContext", func(ctx context.Context) error {
		return rw.RWithContext(ctx, func() error { return errFailed })
	})
	do("Readers", func(context.Context) error { rw.Readers(); return nil })
	told(do, rw.Info, rw.String, rw.Handle)
	do("RUnlock, at last", func(context.Context) error { return rw.RUnlock() })
}

func recursiveCalls(m *shsync.RecursiveMutex, do calls) {
	h, other := shsync.NewHolder(), shsync.NewHolder()
	do("LockContext", func(ctx context.Context) error { return m.LockContext(ctx, h) })
	do("LockContext, again", func(ctx context.Context) error { return m.LockContext(ctx, h) })
	do("LockContext of another", func(ctx context.Context) error { return m.LockContext(ctx, other) })
	do("TryLock", func(context.Context) error { return second(m.TryLock(h)) })
	do("MarkConsistent", func(context.Context) error { return m.MarkConsistent(h) })
	do("Unlock", func(context.Context) error { return m.Unlock(h) })
	do("Held", func(context.Context) error { m.Held(h); return nil })
	do("WithContext", func(ctx context.Context) error { return m.WithContext(ctx, h, succeeds) })
	do("WithContext, fails", func(ctx context.Context) error { return m.WithContext(ctx, h, fails) })
	told(do, m.Info, m.String, m.Handle)
	do("Unlock of another", func(context.Context) error { return m.Unlock(other) })
}

func onceCalls(o *shsync.Once, do calls) {
	do("DoContext, fails", func(ctx context.Context) error {
		return o.DoContext(ctx, func() error { return errFailed })
	})
	do("TryDo, fails", func(context.Context) error {
		return second(o.TryDo(func() error { return errFailed }))
	})
	do("Done", func(context.Context) error { o.Done(); return nil })
	do("TryDo", func(context.Context) error { return second(o.TryDo(func() error { return nil })) })
	do("DoContext", func(ctx context.Context) error { return o.DoContext(ctx, func() error { return nil }) })
	told(do, o.Info, o.String, o.Handle)
}

func workCalls(g *shsync.WaitGroup, do calls) {
	do("WaitContext", g.WaitContext)
	do("Add", func(context.Context) error { return g.Add(2) })
	do("Begin", func(context.Context) error { return g.Begin() })
	do("TryWait", func(context.Context) error { return second(g.TryWait()) })
	do("Done", func(context.Context) error { return g.Done() })
	do("Add(-1)", func(context.Context) error { return g.Add(-1) })
	do("WaitContext, once more", g.WaitContext)
	do("TakeLost", func(context.Context) error { g.TakeLost(); return nil })
	told(do, g.Info, g.String, g.Handle)
}

func semaphoreCalls(s *shsync.Semaphore, do calls) {
	do("AcquireContext", s.AcquireContext)
	do("AcquireNContext", func(ctx context.Context) error { return s.AcquireNContext(ctx, 2) })
	do("TryAcquire", func(context.Context) error { return second(s.TryAcquire()) })
	do("TryAcquireN", func(context.Context) error { return second(s.TryAcquireN(2)) })
	do("Release", func(context.Context) error { return s.Release() })
	do("ReleaseN", func(context.Context) error { return s.ReleaseN(2) })
	do("WithContext", func(ctx context.Context) error {
		return s.WithContext(ctx, func() error { return errFailed })
	})
	do("Value", func(context.Context) error { s.Value(); return nil })
	told(do, s.Info, s.String, s.Handle)
}

func permitsCalls(p *shsync.Permits, do calls) {
	do("AcquireContext", p.AcquireContext)
	do("TryAcquire", func(context.Context) error { return second(p.TryAcquire()) })
	do("Release", func(context.Context) error { return p.Release() })
	do("WithContext", func(ctx context.Context) error {
		return p.WithContext(ctx, func() error { return errFailed })
	})
	do("Value", func(context.Context) error { p.Value(); p.Held(); p.Count(); return nil })
	do("AcquireContext, once more", p.AcquireContext)
	told(do, p.Info, p.String, p.Handle)
}

func condCalls(c *shsync.Cond, do calls) {
	m := c.Mutex()
	do("Lock", m.LockContext)
	do("WaitContext", c.WaitContext)
	do("Notify", func(context.Context) error { return c.Notify(1) })
	do("Notify(2)", func(context.Context) error { return c.Notify(2) })
	do("WaitFor", func(ctx context.Context) error {
		n := 0
		return c.WaitFor(ctx, func() bool { n++; return n == 3 })
	})
	do("NotifyAll", func(context.Context) error { return c.NotifyAll() })
	told(do, c.Info, c.String, c.Handle)
	do("Lock, for the way back", m.LockContext) // held still, if all went well
}

func eventCalls(e *shsync.Event, do calls) {
	do("WaitContext", e.WaitContext)
	do("IsSet", func(context.Context) error { e.IsSet(); return nil })
	do("Clear", func(context.Context) error { return e.Clear() })
	do("WaitContext, once more", e.WaitContext)
	do("Set", func(context.Context) error { return e.Set() })
	told(do, e.Info, e.String, e.Handle)
}

func barrierCalls(b *shsync.Barrier, do calls) {
	do("WaitContext", func(ctx context.Context) error { return second(b.WaitContext(ctx)) })
	do("Reset", func(context.Context) error { return b.Reset() })
	do("WaitAction", func(ctx context.Context) error {
		return second(b.WaitAction(ctx, func() error { return errFailed }))
	})
	do("Waiting", func(context.Context) error { b.Waiting(); b.Broken(); b.Parties(); return nil })
	do("Abort", func(context.Context) error { return b.Abort() })
	told(do, b.Info, b.String, b.Handle)
	do("Reset, at last", func(context.Context) error { return b.Reset() })
}
