package wire

// Methods of an object of a registered type. Created with: text type, rest of body: the
// argument of the constructor, as CBOR. Arguments and results are CBOR.
const (
	UserCall Method = Method(TypeUser)<<8 + iota // text method, rest of body: argument → rest of body: result
	UserAsk                                      // as UserCall, of a method that changes nothing
	UserMake                                     // as UserCall, of a method that makes an object → uint object
	UserInfo                                     //  → text type
)
