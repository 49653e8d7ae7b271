package wire

// Methods of an Event. Created with nothing.
const (
	EventWait  Method = Method(TypeEvent)<<8 + iota // waits until it is set, if only for a moment →
	EventSet                                        //  →
	EventClear                                      //  →
	EventInfo                                       // → bool set, uint waiting
)
