package pipe

import "sync"

// challenges are those of this process that wait for their response. An end never answers
// one that was issued by an end of its own kind: somebody who makes this process dial
// twice would have one connection authenticate the other.
type challenges struct {
	mu  sync.Mutex
	all map[string]bool
}

var byListeners, byDialers challenges

func (c *challenges) add(challenge []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]bool{}
	}
	c.all[string(challenge)] = true
}

func (c *challenges) remove(challenge []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, string(challenge))
}

func (c *challenges) has(challenge []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all[string(challenge)]
}
