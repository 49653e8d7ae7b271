package wire

// Methods of a Namespace. Created with: uint n, n × (key, item). Keys are text.
const (
	NamespaceGet    Method = Method(TypeNamespace)<<8 + iota // rest of body: a Key → rest of body: the Item
	NamespaceSet                                             // key, rest of body: an Item →
	NamespaceDelete                                          // rest of body: a Key →
	NamespaceRange                                           // span → bool more, uint n, n × (key, item)
)
