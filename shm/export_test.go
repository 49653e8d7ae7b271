package shm

import "shmkit/internal/layout"

// OnDisown has f run when a sweep takes away what the dead own in an object of
// KindBytes whose name is being removed, until undo.
func OnDisown(f func()) (undo func()) {
	k := kinds[KindBytes]
	k.disown = func(_ *view, o *layout.Object, _ uint32) {
		if o.State&layout.ObjectStateMask == layout.ObjectRemoving {
			f()
		}
	}
	return func() { k.disown = nil }
}

// Admin runs f under LockAdmin.
func (s *Segment) Admin(f func() error) error { return s.core.admin(f) }

// PassOn is Object.PassOn of a condition that is not in a segment.
func PassOn(head *layout.Cond, cells []uint64) { waiters{head, cells}.passOn() }
