package manager

import (
	"context"
	"runtime"
	"time"

	"shmkit/internal/host"
	"shmkit/internal/wire"
)

// MutexWaiting is how many calls wait for m.
func MutexWaiting(m *Mutex) (int, error) {
	i, err := m.Info()
	if err != nil {
		return 0, err
	}
	return i.Waiting, nil
}

// Alarms is how many alarms of s have not gone off.
func Alarms(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.alarms.len()
}

// Clients is how many connections s has.
func Clients(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// LockUndo is m.LockContext that is taken back.
func LockUndo(ctx context.Context, m *Mutex) error {
	k, _, err := m.callUndo(ctx, wire.MutexLock, nil, 0, func(wire.Reader) (wire.Frame, bool) {
		return wire.Frame{Method: wire.MutexUnlock, Object: m.ref.id}, true
	})
	if err == nil {
		k.free()
	}
	return err
}

// LockWithin is m.Lock that the server lets wait for patience, and that is given up before.
func LockWithin(m *Mutex, patience, before time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), before)
	defer cancel()
	return m.exec(ctx, wire.MutexLock, nil, patience)
}

// Cut cuts the connection of c, without a word.
func Cut(c *Client) { c.conn.Load().line.close() }

// AwaitLookout returns when the lookout of c receives.
func AwaitLookout(c *Client) {
	for {
		c.mu.Lock()
		receives := c.lookout.leave != nil
		c.mu.Unlock()
		if receives {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// AwaitCall returns when a call of c is not answered.
func AwaitCall(c *Client) {
	for {
		c.mu.Lock()
		begun := len(c.calls) > 0
		c.mu.Unlock()
		if begun {
			return
		}
		runtime.Gosched()
	}
}

// Counts are what the host of s has met, and how many sessions live.
func Counts(s *Server) (met host.Counts, living int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.host.Counts(), len(s.host.Sessions())
}

// Maps tells whether a client reads and writes v in shared memory.
func (v *Value[T]) Maps() bool { return v.memory(wire.ValueShare, v.code()) != nil }

// Maps tells whether a client reads and writes a in shared memory.
func (a *Array[T]) Maps() bool { return a.memory(wire.ArrayShare, shareCode[T]()) != nil }

// Hook makes servers that begin call f at each of Points, by whoever gets there.
func Hook(f func(point string)) { hook = f }

// Points are where an operation is on its way.
var Points = []string{recorded, applied, flushed}

// Unsure is how many things that c told it would tell again.
func Unsure(c *Client) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.unsure.list)
}

// Sessions is how many sessions s has.
func Sessions(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.host.Sessions())
}
