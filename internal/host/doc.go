// Package host is the state machine of a manager's server: the objects, the sessions of the
// clients, and what these hold and wait for.
//
// The model: a Host belongs to one caller at a time, who gives it operations, one after the
// other, as frames of package wire, and does what the effects say: send answers, set alarms,
// give it further operations. It has no clock, no goroutines, no chance and no input but the
// operations. So two hosts that are given the same operations are equal, byte by byte, and an
// operation can go through a log before it is applied.
//
// Guarantees: a call is applied once. A client that sends it again, in the same session, gets
// what it gave before, which is part of the state. Time and hand-over are operations of their
// own: a release makes a lock free, and proposes a Grant, which gives it to who waits first;
// the end of a deadline, of a session, of a hand-over are told from outside. What a session
// holds is given back when it expires. No operation panics, whoever sent it; a method that a
// program registered may, which its caller is told.
//
// What it does not do: keep anything beyond its process (Save writes it whole), or look into
// the values that objects keep, other than numbers, references and literals.
//
//	h := host.New(nil)
//	for _, e := range h.Apply(&frame) {
//		… // e and what it refers to are good until the next Apply
//	}
package host
