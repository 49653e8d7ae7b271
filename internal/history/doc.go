// Package history checks that what several processes saw of one object can be
// explained by one order of their operations: linearizability.
//
// The model: each process writes a line before each operation and one after it,
// with the time of CLOCK_MONOTONIC, which all processes of a machine share. [Do]
// does that. The test reads the lines into a [History] and asks [Check]
// whether there is an order that respects the times and in which each operation
// gives what it gave. The state machine of a [Machine] says what that is.
//
// A process may be killed in the middle of an operation. That one has no return:
// it may have happened at any time after its call, or not at all. What [History.Kill]
// records is an operation as well, for state machines in which a death counts.
//
// What it does not do: a history is a sample. And it sees only what is in the lines.
//
//	var h history.History
//	for line, ok := p.Next(); ok; line, ok = p.Next() {
//		h.Add(line)
//	}
//	if err := history.Check(&h, register, "0"); err != nil { t.Error(err) }
package history
