package queues

// Message is what is sent. It tells who sent it, and is long enough to be torn.
type Message struct {
	From, N uint64
	Copy    [6]uint64
}

// MessageOf is message n of a sender.
func MessageOf(from, n uint64) (m Message) {
	m.From, m.N = from, n
	for i := range m.Copy {
		m.Copy[i] = n
	}
	return m
}

// Whole tells whether m is not torn.
func (m Message) Whole() bool { return m == MessageOf(m.From, m.N) }
