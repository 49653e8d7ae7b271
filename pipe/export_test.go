package pipe

// Receiving tells whether a call has the receiving direction of c, and how many wait for it.
func (c *Conn) Receiving() (is bool, waiting int) {
	return c.in.turn.state.Load() == turnTaken, int(c.in.turn.waiters.Load())
}

// Sending is Receiving for the other direction.
func (c *Conn) Sending() (is bool, waiting int) {
	return c.out.turn.state.Load() == turnTaken, int(c.out.turn.waiters.Load())
}
