package pipe

import "sync"

// rest is what the kernel has not taken yet of a message that was accepted. Who owns it, and
// what others do meanwhile:
//
//	state    owner of b                 TLS with its own records   CloseWrite      Close
//	none     nobody                     writes                     at once         at once
//	keeping  who has the turn to send   is kept too                at once; what is kept then
//	                                                               counts as not sent
//	going    the goroutine of finish    waits until it is gone     behind it       behind it
//	ended    nobody: nothing is kept    writes, after Close what   -               at once
//	                                    the kernel takes at once
//
// From keeping it goes on to going, or back to none if the kernel has taken all. From going
// it goes to none. ended is a bit of its own: a rest that was going then still goes.
type rest struct {
	mu     sync.Mutex // held for short
	state  restState
	ended  bool // nothing new is kept
	brief  bool // what is written waits for nobody
	b      []byte
	gone   chan struct{} // closed when what is going has gone, or never will
	behind []func()      // to be done then
}

type restState int

const (
	restNone restState = iota
	restKeeping
	restGoing
)

// keep begins to keep what the kernel does not take.
func (r *rest) keep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = restKeeping
}

// add keeps p.
func (r *rest) add(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.b = append(r.b, p...)
}

func (r *rest) kept() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.b)
}

// depart ends the keeping. It gives what was kept, which then is the caller's to write and
// then to settle; ok is false if it must not be written any more.
func (r *rest) depart() (b []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, r.b, r.state = r.b, nil, restNone
	if len(b) > 0 && !r.ended {
		r.state, r.gone = restGoing, make(chan struct{})
	}
	return b, len(b) == 0 || !r.ended
}

// settle says that what was going has gone, or never will.
func (r *rest) settle() {
	r.mu.Lock()
	r.state = restNone
	close(r.gone)
	behind := r.behind
	r.behind = nil
	r.mu.Unlock()
	for _, f := range behind {
		f()
	}
}

// end makes nothing new be kept. If something is going f is done behind that, and end is
// true.
func (r *rest) end(f func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.state != restGoing {
		return false
	}
	r.behind = append(r.behind, f)
	return true
}

// hurry makes writing wait for nobody.
func (r *rest) hurry() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.brief = true
}

// look tells how to write now, and what to wait for first.
func (r *rest) look() (keep, brief bool, gone <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == restGoing {
		gone = r.gone
	}
	return r.state == restKeeping, r.brief, gone
}
