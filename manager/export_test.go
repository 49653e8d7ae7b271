package manager

import (
	"shmkit/internal/wire"
)

// MutexWaiting is how many calls wait for m.
func MutexWaiting(m *Mutex) (int, error) {
	k, r, err := m.call(inherit, wire.MutexInfo, nil, 0)
	if err != nil {
		return 0, err
	}
	defer k.free()
	r.Uint()
	r.Bool()
	return int(r.Uint()), r.Err()
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
