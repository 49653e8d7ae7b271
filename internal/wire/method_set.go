package wire

// Methods of a Set. Created with: uint n, n × key.
//
// Operands are: uint n, n × (uint object, a Set; or 0, and uint m, m × key).
const (
	SetLen      Method = Method(TypeSet)<<8 + iota // → uint
	SetContains                                    // rest of body: a Key → bool
	SetAdd                                         // uint n, n × key → uint added
	SetDiscard                                     // uint n, n × key → uint removed
	SetRemove                                      // rest of body: a Key, which must be there →
	SetPop                                         //  → rest of body: the Key, the first
	SetClear                                       //  →
	SetCopy                                        //  → uint object, a new Set
	SetChange                                      // byte operation, operands →
	SetCombine                                     // byte operation, operands → uint object, a new Set
	SetCompare                                     // byte relation, operands (one) → bool
	SetRange                                       // span → bool more, uint n, n × (key, nothing)
	SetIterate                                     //  → uint object, an Iterator
)

// Operations of SetChange and SetCombine.
const (
	OpUnion byte = iota
	OpIntersection
	OpDifference
	OpSymmetricDifference
)

// Relations of SetCompare.
const (
	RelSubset byte = iota
	RelProperSubset
	RelSuperset
	RelProperSuperset
	RelEqual
	RelDisjoint
)
