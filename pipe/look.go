package pipe

import (
	"runtime"
	"sync/atomic"
	"time"

	"shmkit/internal/park"
)

// What is waited for at a socket often comes within some microseconds: an answer, or the next
// request of somebody who was answered. To sleep and to be woken takes both ends longer than
// that. So who reads looks some times more before it sleeps, where that was worth it lately.
const (
	lookTime  = 40 * time.Microsecond  // how long it is looked
	shortTime = 100 * time.Microsecond // after a sleep that was not longer looking would have been worth it
	mostTrust = 8                      // waits in a row that were short
	leastLook = 2                      // trust at which it is looked
	others    = 4                      // looks after which other goroutines have a turn
)

// looking is how many goroutines of this process look; as many as half of the cores may.
var looking atomic.Int32

// A look is the experience of one socket, and the wait that is on.
type look struct {
	trust int // how many of the last waits were short, or so
	over  bool
	began time.Time // of the sleep; zero if there is none
}

// worth tells whether to look some times more, once in a wait, and then looking counts this one.
func (l *look) worth() bool {
	if l.over || l.trust < leastLook || park.Alone() {
		return false
	}
	l.over = true
	if int(looking.Add(1)) <= max(runtime.GOMAXPROCS(0)/2, 1) {
		return true
	}
	looking.Add(-1)
	return false
}

// looks receives some times more, if that is worth it.
func (s *socket) looks(fd int) {
	if !s.look.worth() {
		return
	}
	defer looking.Add(-1)
	for i, end := 1, time.Now().Add(lookTime); time.Now().Before(end); i++ {
		if s.receive(fd); !s.again {
			s.look.trust = min(s.look.trust+1, mostTrust)
			return
		}
		if i%others == 0 {
			runtime.Gosched()
		}
	}
}

// sleeps: the reader begins to sleep.
func (l *look) sleeps() {
	if l.began.IsZero() {
		l.began = time.Now()
	}
}

// ends: the wait is over.
func (l *look) ends() {
	l.over = false
	if l.began.IsZero() {
		return
	}
	if time.Since(l.began) <= shortTime {
		l.trust = min(l.trust+1, mostTrust)
	} else {
		l.trust /= 2
	}
	l.began = time.Time{}
}
