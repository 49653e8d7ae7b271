package manager

import (
	"context"
	"iter"

	"shmkit/internal/wire"
)

// A Set is a handle of a set at the server, in the order of its members; these are of type T, as
// the keys of a Dict are of type K.
//
// Use NewSet or OpenSet. A handle may be copied, and used by several goroutines; those of
// several clients and processes may be of one Set. Each method is one atomic step, with all Sets
// that it has to do with; loops over All see the set as it is when they begin. Nobody holds
// anything of a Set, so that nothing happens to it when a client dies.
type Set[T comparable] struct {
	proxy
	keys keys[T]
}

// prepare chooses the form of T.
func (s *Set[T]) prepare() error { return s.keys.prepare() }

// NewSet makes a Set of these members.
// Errors: ErrType; ErrExists; ErrServerGone.
func NewSet[T comparable](c *Client, init []T, options ...Option) (*Set[T], error) {
	s := &Set[T]{}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	body, err := s.keys.appendAll(nil, init)
	if err != nil {
		return nil, err
	}
	s.proxy, err = create(c, wire.TypeSet, options, body)
	return s, err
}

// OpenSet opens the Set of that name. That its members are of type T is seen when they are read.
// Errors: ErrNotFound; ErrType; ErrServerGone.
func OpenSet[T comparable](c *Client, name string) (*Set[T], error) {
	s := &Set[T]{}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	var err error
	s.proxy, err = open(c, wire.TypeSet, name)
	return s, err
}

// Ctx is the same Set, whose calls end with ctx.
func (s *Set[T]) Ctx(ctx context.Context) *Set[T] {
	t := *s
	t.ctx = ctx
	return &t
}

// Len is how many members there are.
func (s *Set[T]) Len() (int, error) {
	n, err := s.count(wire.SetLen, nil)
	return int(n), err
}

// Contains tells whether x is a member.
// Errors: ErrType; ErrServerGone.
func (s *Set[T]) Contains(x T) (bool, error) {
	var room [64]byte
	body, err := s.keys.append(room[:0], &x)
	if err != nil {
		return false, err
	}
	return s.ask(wire.SetContains, body)
}

// Add makes all of these members, and tells how many of them were none.
// Errors: ErrType; ErrServerGone.
func (s *Set[T]) Add(all ...T) (added int, err error) { return s.many(wire.SetAdd, all) }

// Discard makes none of these a member, and tells how many of them were some.
// Errors: ErrType; ErrServerGone.
func (s *Set[T]) Discard(all ...T) (removed int, err error) { return s.many(wire.SetDiscard, all) }

func (s *Set[T]) many(m wire.Method, all []T) (int, error) {
	body, err := s.keys.appendAll(nil, all)
	if err != nil {
		return 0, err
	}
	n, err := s.count(m, body)
	return int(n), err
}

// Remove removes a member.
// Errors: ErrNotFound; ErrType; ErrServerGone.
func (s *Set[T]) Remove(x T) error {
	body, err := s.keys.append(nil, &x)
	if err != nil {
		return err
	}
	return s.exec(inherit, wire.SetRemove, body, 0)
}

// Pop removes the first member and gives it.
// Errors: ErrNotFound if there is none; ErrType; ErrServerGone.
func (s *Set[T]) Pop() (x T, err error) {
	k, r, err := s.call(inherit, wire.SetPop, nil, 0)
	if err != nil {
		return x, err
	}
	defer k.free()
	return s.keys.read(r.Rest())
}

// Clear removes all members.
func (s *Set[T]) Clear() error { return s.exec(inherit, wire.SetClear, nil, 0) }

// Copy makes a Set of the same members at the server, which costs little however many they are.
// Errors: ErrLimit; ErrServerGone.
func (s *Set[T]) Copy() (*Set[T], error) { return s.fresh(wire.SetCopy, nil) }

func (s *Set[T]) fresh(m wire.Method, body []byte) (*Set[T], error) {
	p, err := s.made(m, body, wire.TypeSet)
	if err != nil {
		return nil, err
	}
	return &Set[T]{p, s.keys}, nil
}

// All gives one member after the other, in order, as the set is when the loop begins, whatever
// happens meanwhile. An error comes last, with a zero T: ErrType; ErrServerGone; the cause of
// Ctx.
func (s *Set[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ended := false
		err := s.pairs(wire.Span{KeysOnly: true}, wire.SetRange, wire.SetIterate, func(key wire.Key, _ wire.Item) bool {
			x, err := s.keys.read(key)
			ended = !yield(x, err) || err != nil
			return !ended
		})
		if err != nil && !ended {
			var none T
			yield(none, err)
		}
	}
}

// Members gives all members, in order.
// Errors: ErrType; ErrServerGone.
func (s *Set[T]) Members() ([]T, error) {
	var all []T
	for x, err := range s.All() {
		if err != nil {
			return all, err
		}
		all = append(all, x)
	}
	return all, nil
}

func (*Set[T]) want() wire.Type { return wire.TypeSet }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes s, which is new, a handle of
// the Set whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (s *Set[T]) UnmarshalBinary(b []byte) error {
	if err := s.prepare(); err != nil {
		return err
	}
	return s.decode(s.want(), b)
}

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (s *Set[T]) UnmarshalText(text []byte) error {
	if err := s.prepare(); err != nil {
		return err
	}
	return s.decodeText(s.want(), text)
}
