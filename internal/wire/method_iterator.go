package wire

// Methods of an Iterator, which is a picture of a List, or of a Dict or a Set. It is made by
// their methods and does not change.
const (
	IteratorRead  Method = Method(TypeIterator)<<8 + iota // of a List: uint from, uint bytes → bool more, uint n, n × item
	IteratorRange                                         // of a Dict or a Set: span → bool more, uint n, n × (key, item)
)
