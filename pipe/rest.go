package pipe

import "sync"

// rest is what the kernel has not taken yet of a message that was accepted. Who owns it, and
// what others do meanwhile:
//
//	state    owner of b                 records of TLS itself   CloseWrite       Close
//	none     nobody                     are written             at once          at once
//	keeping  who has the turn to send   are kept too            at once; what is kept then
//	                                                            counts as not sent
//	going    the goroutine of finish    wait until it is gone   behind it        behind it
//
// From keeping it goes on to going, or back to none if the kernel has taken all, or if the
// message failed. From going it goes to none, also if it could not be written. After CloseWrite
// and Close nothing new is kept; what is going then still goes. After Close nobody but the
// goroutine of finish waits for the kernel. The farewell of TLS is kept in the same way, by Close.
type rest struct {
	mu     sync.Mutex // held for short
	state  restState
	ended  bool // nothing new is kept
	b      []byte
	gone   chan struct{} // closed when what is going has gone, or never will, or nobody waits
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

// leave ends the keeping of the last words, and gives what was kept of them.
func (r *rest) leave() (b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, r.b, r.state = r.b, nil, restNone
	return b
}

// depart ends the keeping. If the message is good it gives what was kept, which then is the
// caller's to write and to settle; ok is false if there is some that must not be written any
// more.
func (r *rest) depart(good bool) (b []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, r.b, r.state = r.b, nil, restNone
	if !good || len(b) == 0 || r.ended {
		return nil, !good || len(b) == 0
	}
	r.state, r.gone = restGoing, make(chan struct{})
	return b, true
}

// settle says that what was going has gone, or never will.
func (r *rest) settle() {
	r.mu.Lock()
	r.state = restNone
	r.tellLocked()
	behind := r.behind
	r.behind = nil
	r.mu.Unlock()
	for _, f := range behind {
		f()
	}
}

// end makes nothing new be kept. If something is going f is done behind that, and end is
// true; nobody waits for that any more if it is the last.
func (r *rest) end(last bool, f func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.state != restGoing {
		return false
	}
	if last {
		r.tellLocked()
	}
	r.behind = append(r.behind, f)
	return true
}

// tellLocked wakes those who wait for what is going.
func (r *rest) tellLocked() {
	if r.gone != nil {
		close(r.gone)
		r.gone = nil
	}
}

// ways of writing.
type way int

const (
	wayPlain way = iota // wait for the kernel
	wayKeep             // keep what it does not take
	wayNone             // fail
)

// look tells how to write now. It waits for what is going first.
func (r *rest) look() way {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.gone != nil {
		gone := r.gone
		r.mu.Unlock()
		<-gone
		r.mu.Lock()
	}
	switch {
	case r.state == restKeeping:
		return wayKeep
	case r.state == restGoing:
		return wayNone
	}
	return wayPlain
}
