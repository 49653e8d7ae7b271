package shm

// Admin runs f under LockAdmin.
func (s *Segment) Admin(f func() error) error { return s.core.admin(f) }
