package wire

// Methods of a Value. Created with: item; and bool shared, if it may be in memory that clients
// map: then it stays a number of its kind.
const (
	ValueGet            Method = Method(TypeValue)<<8 + iota // → rest of body: an Item
	ValueSet                                                 // rest of body: an Item →
	ValueSwap                                                // rest of body: an Item → rest of body: the Item before
	ValueCompareAndSwap                                      // item old, item new → bool swapped
	ValueAdd                                                 // rest of body: a number → rest of body: the sum
	ValueUpdate                                              // text function, rest of body: an Item for it → rest of body: the Item now
	ValueShare                                               // → bytes handle of an array of one 8-byte number, or none if it is not shared
)
