package main

// runner does n operations and returns what all of them cost, in nanoseconds.
type runner func(n int) (float64, error)

// benchmark is one row before it is run.
type benchmark struct {
	name  string
	unit  string  // of ours and peer_value; the runners measure nanoseconds
	scale float64 // nanoseconds per unit
	peer  string
	// series, if not "", is the small table that the row is part of: it has no target.
	series string
	// target is the ratio that is to be reached, 0 if there is none.
	target float64
	// limit, if not 0, takes the place of a peer: the cost to compare with, in unit.
	limit float64
	// samples is how many are taken, one operation each, where one operation costs
	// more than a sample may; 0 where the lab may choose.
	samples int
	// longer is how many times as long a sample is as those of other rows, 0 for once: for
	// rows of many who begin and end one after the other.
	longer int
	start  func(l *lab) (contest, error)
}

// contest is what start of a benchmark sets up.
type contest struct {
	ours, peer runner // peer is nil if there is a limit
	// finish, if not nil, checks the results and gives a remark for the row.
	finish func() (string, error)
}

// limited is a contest against a fixed number.
func limited(ours runner) (contest, error) { return contest{ours: ours}, nil }

// between is a contest against a peer.
func between(ours, peer runner) (contest, error) { return contest{ours: ours, peer: peer}, nil }
