package pipe

// Receiving tells whether a call has the receiving direction of c, and how many wait for it.
func (c *Conn) Receiving() (is bool, waiting int) {
	return c.in.turn.state.Load() == turnTaken, int(c.in.turn.waiters.Load())
}

// Sending is Receiving for the other direction.
func (c *Conn) Sending() (is bool, waiting int) {
	return c.out.turn.state.Load() == turnTaken, int(c.out.turn.waiters.Load())
}

// Spins tells how many of n reads that find nothing spin, where that pays and where it
// does not.
func Spins(n int, pays bool) (spun int) {
	var e eager
	for range n {
		tried := false
		e.spin(func() bool { tried = true; return pays })
		if tried {
			spun++
		}
	}
	return spun
}
