package wire

// Methods of a Dict. Created with: uint n, n × (key, item).
const (
	DictLen            Method = Method(TypeDict)<<8 + iota // → uint
	DictGet                                                // rest of body: a Key → rest of body: the Item
	DictSet                                                // key, rest of body: an Item →
	DictSetDefault                                         // key, rest of body: an Item → bool it was there, rest of body: the Item that is
	DictDelete                                             // rest of body: a Key →
	DictPop                                                // rest of body: a Key → rest of body: the Item
	DictPopItem                                            // bool last → key, rest of body: the Item
	DictContains                                           // rest of body: a Key → bool
	DictClear                                              //  →
	DictSetMany                                            // uint n, n × (key, item) →
	DictMerge                                              // uint object, a Dict →
	DictCopy                                               //  → uint object, a new Dict
	DictAdd                                                // key, rest of body: a number → rest of body: the sum
	DictCompareAndSwap                                     // key, item old, item new → bool swapped
	DictUpdate                                             // key, text function, rest of body: an Item for it → rest of body: the Item now
	DictCommit                                             // uint n, n × (byte condition, key, item), uint m, m × (byte action, key, item) →
	DictRange                                              // span → bool more, uint n, n × (key, item)
	DictIterate                                            //  → uint object, an Iterator
)

// Conditions of DictCommit.
const (
	IfEqual  byte = iota // the key has that item
	IfAbsent             // the key has none; the item is nothing
	IfExists             // the key has one; the item is nothing
)

// Actions of DictCommit.
const (
	DoSet    byte = iota // the key gets that item
	DoAdd                // the number of the key gets that more; an absent one is 0
	DoDelete             // the key goes, if it is there; the item is nothing
)

// A Span is a part of a Dict or a Set: from the first key that is not less than From, if
// HasFrom, to the last that is less than To, if HasTo.
type Span struct {
	From, To       Key
	HasFrom, HasTo bool
	After          bool   // without From itself
	Through        bool   // with To itself
	Reverse        bool   // the last first
	KeysOnly       bool   // items are nothing
	Limit          uint64 // at most so many, if it is not 0
	Bytes          uint64 // and about so many bytes, but at least one
}

// The bits of the first byte of a span.
const (
	spanFrom = 1 << iota
	spanTo
	spanAfter
	spanThrough
	spanReverse
	spanKeysOnly
	spanAll
)

// AppendSpan appends s: byte bits, key from, key to, uint limit, uint bytes.
func AppendSpan(b []byte, s *Span) []byte {
	bits := byte(0)
	for i, on := range [...]bool{s.HasFrom, s.HasTo, s.After, s.Through, s.Reverse, s.KeysOnly} {
		if on {
			bits |= 1 << i
		}
	}
	b = AppendBytes(append(b, bits), s.From)
	b = AppendBytes(b, s.To)
	return AppendUint(AppendUint(b, s.Limit), s.Bytes)
}

// Span reads a Span.
func (r *Reader) Span() (s Span) {
	bits := r.Byte()
	if bits >= spanAll {
		r.bad = true
	}
	s.HasFrom, s.HasTo = bits&spanFrom != 0, bits&spanTo != 0
	s.After, s.Through = bits&spanAfter != 0, bits&spanThrough != 0
	s.Reverse, s.KeysOnly = bits&spanReverse != 0, bits&spanKeysOnly != 0
	s.From, s.To = r.Key(), r.Key()
	s.Limit, s.Bytes = r.Uint(), r.Uint()
	return s
}
