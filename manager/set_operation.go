package manager

import "shmkit/internal/wire"

// An Operand is what a Set is put together with, or compared with: another Set of the server,
// whose members stay there, or members that the caller has, see Of.
type Operand[T comparable] interface {
	// operand appends uint object, or 0 and uint n, n × key.
	operand(s *Set[T], b []byte) ([]byte, error)
}

// Of is members that the caller has, as an Operand.
func Of[T comparable](all ...T) Operand[T] { return members[T](all) }

type members[T comparable] []T

func (m members[T]) operand(s *Set[T], b []byte) ([]byte, error) {
	return s.keys.appendAll(wire.AppendUint(b, 0), m)
}

func (t *Set[T]) operand(s *Set[T], b []byte) ([]byte, error) {
	return appendOther(s.ref.client(), b, &t.proxy)
}

func (s *Set[T]) operands(what byte, all []Operand[T]) (b []byte, err error) {
	b = wire.AppendUint([]byte{what}, uint64(len(all)))
	for _, o := range all {
		if b, err = o.operand(s, b); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (s *Set[T]) combine(op byte, all []Operand[T]) (*Set[T], error) {
	body, err := s.operands(op, all)
	if err != nil {
		return nil, err
	}
	return s.fresh(wire.SetCombine, body)
}

func (s *Set[T]) change(op byte, all []Operand[T]) error {
	body, err := s.operands(op, all)
	if err != nil {
		return err
	}
	return s.exec(inherit, wire.SetChange, body, 0)
}

func (s *Set[T]) compare(relation byte, other Operand[T]) (bool, error) {
	body, err := s.operands(relation, []Operand[T]{other})
	if err != nil {
		return false, err
	}
	return s.ask(wire.SetCompare, body)
}

// Union makes a Set, at the server, of what is in any of them: Python's |.
// Errors: ErrType; ErrArgument for a Set of another server; ErrLimit; ErrServerGone.
func (s *Set[T]) Union(others ...Operand[T]) (*Set[T], error) {
	return s.combine(wire.OpUnion, others)
}

// Intersection makes a Set, at the server, of what is in all of them: Python's &.
// Errors: as Union.
func (s *Set[T]) Intersection(others ...Operand[T]) (*Set[T], error) {
	return s.combine(wire.OpIntersection, others)
}

// Difference makes a Set, at the server, of what is in s and in none of the others: Python's -.
// Errors: as Union.
func (s *Set[T]) Difference(others ...Operand[T]) (*Set[T], error) {
	return s.combine(wire.OpDifference, others)
}

// SymmetricDifference makes a Set, at the server, of what is in one of both: Python's ^.
// Errors: as Union.
func (s *Set[T]) SymmetricDifference(other Operand[T]) (*Set[T], error) {
	return s.combine(wire.OpSymmetricDifference, []Operand[T]{other})
}

// Update adds what is in any of the others: Python's |=.
// Errors: as Union.
func (s *Set[T]) Update(others ...Operand[T]) error { return s.change(wire.OpUnion, others) }

// IntersectionUpdate removes what is not in all of the others: Python's &=.
// Errors: as Union.
func (s *Set[T]) IntersectionUpdate(others ...Operand[T]) error {
	return s.change(wire.OpIntersection, others)
}

// DifferenceUpdate removes what is in any of the others: Python's -=.
// Errors: as Union.
func (s *Set[T]) DifferenceUpdate(others ...Operand[T]) error {
	return s.change(wire.OpDifference, others)
}

// SymmetricDifferenceUpdate removes what is in the other, and adds what is only there: Python's
// ^=.
// Errors: as Union.
func (s *Set[T]) SymmetricDifferenceUpdate(other Operand[T]) error {
	return s.change(wire.OpSymmetricDifference, []Operand[T]{other})
}

// IsSubset tells whether all of s is in other: Python's <=.
// Errors: as Union.
func (s *Set[T]) IsSubset(other Operand[T]) (bool, error) { return s.compare(wire.RelSubset, other) }

// IsProperSubset is IsSubset of what is not equal: Python's <.
// Errors: as Union.
func (s *Set[T]) IsProperSubset(other Operand[T]) (bool, error) {
	return s.compare(wire.RelProperSubset, other)
}

// IsSuperset tells whether all of other is in s: Python's >=.
// Errors: as Union.
func (s *Set[T]) IsSuperset(other Operand[T]) (bool, error) {
	return s.compare(wire.RelSuperset, other)
}

// IsProperSuperset is IsSuperset of what is not equal: Python's >.
// Errors: as Union.
func (s *Set[T]) IsProperSuperset(other Operand[T]) (bool, error) {
	return s.compare(wire.RelProperSuperset, other)
}

// Equal tells whether both have the same members: Python's ==.
// Errors: as Union.
func (s *Set[T]) Equal(other Operand[T]) (bool, error) { return s.compare(wire.RelEqual, other) }

// IsDisjoint tells whether nothing is in both.
// Errors: as Union.
func (s *Set[T]) IsDisjoint(other Operand[T]) (bool, error) {
	return s.compare(wire.RelDisjoint, other)
}
