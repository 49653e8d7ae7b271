package wire

// An Outcome is how something ended that ran beside the host: Fault is nil if it gave Body.
type Outcome struct {
	Body  []byte
	Fault *Fault
}

// AppendOutcome appends o: bool good, then the body or the fault.
func AppendOutcome(b []byte, o *Outcome) []byte {
	if o.Fault != nil {
		return AppendFault(AppendBool(b, false), o.Fault)
	}
	return append(AppendBool(b, true), o.Body...)
}

// ReadOutcome reads an Outcome, whose Body refers to b.
func ReadOutcome(b []byte) (o Outcome, err error) {
	r := Read(b)
	if r.Bool() {
		o.Body = r.Rest()
		return o, r.Err()
	}
	if err := r.Err(); err != nil {
		return o, err
	}
	o.Fault, err = ReadFault(r.Rest())
	return o, err
}
