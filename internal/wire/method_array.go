package wire

// Methods of an Array. Created with: byte code (see ArrayWidth), uint n, bytes of n items or none;
// and bool shared, if it may be in memory that clients map. Items are
// little-endian, as in memory. An index less than 0 counts from the end.
const (
	ArrayGet            Method = Method(TypeArray)<<8 + iota // int index → rest of body: the item
	ArraySet                                                 // int index, rest of body: an item →
	ArraySwap                                                // int index, rest of body: an item → rest of body: the item before
	ArrayAdd                                                 // int index, rest of body: an item → rest of body: the sum
	ArrayCompareAndSwap                                      // int index, old, rest of body: new → bool swapped
	ArraySlice                                               // int from, int to → rest of body: items
	ArraySetSlice                                            // int from, rest of body: items →
	ArrayFill                                                // rest of body: an item →
	ArrayInfo                                                //  → byte code, uint n
	ArrayShare                                               // → bytes handle of an array of these numbers, or none if it is not shared
)

// ArrayWidth is how many bytes an item of that code has, by the letters of the buffer
// protocol: b B h H i I q Q are integers, f d floats, ? bool. Others have 0.
func ArrayWidth(code byte) int {
	switch code {
	case 'b', 'B', '?':
		return 1
	case 'h', 'H':
		return 2
	case 'i', 'I', 'f':
		return 4
	case 'q', 'Q', 'd':
		return 8
	}
	return 0
}
