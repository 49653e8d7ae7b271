package ring

// PutInSteps is Put of v with calls in between: looked when it has found its place, and
// claimed when it has a block.
func (q *Queue[T]) PutInSteps(v T, looked, claimed func()) error {
	c := q.core.Load()
	t, w, s, err := c.room()
	if err != nil {
		return err
	}
	looked()
	if s.block, err = c.claim(s.pos); err != nil {
		return err
	}
	claimed()
	payload[T](&c.memory, s.block).v = v
	return c.publish(t, w, s)
}
