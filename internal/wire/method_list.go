package wire

// Methods of a List. Created with: uint n, n × item. An index less than 0 counts from the end;
// in slices it is then moved to where there is something, as Python does.
const (
	ListLen            Method = Method(TypeList)<<8 + iota // → uint
	ListGet                                                // int index → rest of body: the Item
	ListSet                                                // int index, rest of body: an Item →
	ListDelete                                             // int index →
	ListAppend                                             // rest of body: an Item →
	ListExtend                                             // uint n, n × item →
	ListExtendFrom                                         // uint object, a List →
	ListInsert                                             // int index, rest of body: an Item →
	ListPop                                                // int index → rest of body: the Item
	ListRemove                                             // rest of body: an Item, whose equal goes →
	ListIndex                                              // int from, int to, rest of body: an Item → uint
	ListCount                                              // rest of body: an Item → uint
	ListContains                                           // rest of body: an Item → bool
	ListSort                                               // bool reverse, text order ("" is that of numbers and text) →
	ListReverse                                            //  →
	ListClear                                              //  →
	ListSlice                                              // int from, int to, int step → uint n, n × item
	ListSetSlice                                           // int from, int to, int step, uint n, n × item →
	ListDeleteSlice                                        // int from, int to, int step →
	ListRepeat                                             // int times →
	ListRepeated                                           // int times → uint object, a new List
	ListConcat                                             // uint object, a List → uint object, a new List
	ListCopy                                               //  → uint object, a new List
	ListAdd                                                // int index, rest of body: a number → rest of body: the sum
	ListCompareAndSwap                                     // int index, item old, item new → bool swapped
	ListUpdate                                             // int index, text function, rest of body: an Item for it → rest of body: the Item now
	ListRead                                               // uint from, uint bytes → bool more, uint n, n × item
	ListIterate                                            //  → uint object, an Iterator
)
