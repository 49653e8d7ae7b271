package wire

// Methods of anything in which others may be, under keys: Dict, List (whose keys are indices),
// Namespace. Mostly they stand at the end of a Path.
const (
	ItemGet    Method = Method(TypeServer)<<8 + 0x20 + iota // rest of body: a Key → rest of body: the Item
	ItemSet                                                 // key, rest of body: an Item →
	ItemDelete                                              // rest of body: a Key →
	ItemAdd                                                 // key, rest of body: a number → rest of body: the sum
	ItemAppend                                              // of a List: rest of body: an Item →
	ItemLen                                                 //  → uint
	ItemPlain                                               //  → rest of body: an Item without containers: these are literals

	ItemLast = ItemPlain
)
