package pipe

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"shmkit/internal/sys"
)

// guard notices that the other end of a tcp connection is cut off: no FIN comes, and no
// RST. While nothing is on the way the kernel does, by its keepalive. While something is, it would
// take a quarter of an hour, and TCP_USER_TIMEOUT is no way out: it also ends a connection
// whose other end answers and does not read, for as long as that lasts. So a timer looks,
// and makes no system call otherwise:
//
//	the kernel has    the last answer came         then
//	nothing unheard   -                            all is well
//	something         after the last look at it    it counts anew from now on
//	something         before                       after 3 intervals, it is cut off
//
// Unheard is what was sent again, or asked, without an answer.
type guard struct {
	cut atomic.Bool // the other end was cut off

	mu    sync.Mutex // held for a look
	timer *time.Timer
	every time.Duration
	since time.Time // something was unheard then, and no answer came since
}

// unheardMost is how many intervals may pass without an answer, for us as for the kernel.
const unheardMost = 3

// watch guards s, if it is tcp, from then on when nothing came for so long; not at all if
// that is negative. A socket that is forgotten is guarded no more.
func (s *socket) watch(idle time.Duration) error {
	c, ok := s.Conn.(*net.TCPConn)
	switch {
	case !ok:
		return nil
	case idle < 0:
		return c.SetKeepAlive(false)
	}
	idle = max(idle, time.Second)
	every := max(idle/2, time.Second)
	config := net.KeepAliveConfig{Enable: true, Idle: idle, Interval: every, Count: unheardMost}
	if err := c.SetKeepAliveConfig(config); err != nil {
		return err
	}
	g := &s.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	g.every = every
	w := weak.Make(s)
	g.timer = time.AfterFunc(every, func() {
		if s := w.Value(); s != nil {
			s.patrol()
		}
	})
	return nil
}

// patrol looks once.
func (s *socket) patrol() {
	g := &s.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	unheard, quiet, err := false, time.Duration(0), error(nil)
	if e := s.raw.Control(func(fd uintptr) { unheard, quiet, err = sys.Unheard(int(fd)) }); e != nil || err != nil {
		return // it is closed
	}
	now := time.Now()
	switch {
	case !unheard:
		g.since = time.Time{}
	case g.since.IsZero() || quiet < now.Sub(g.since):
		g.since = now
	case now.Sub(g.since) >= unheardMost*g.every:
		g.cut.Store(true)
		s.Conn.(halves).CloseRead() // who waits is woken; what came stays
		s.Conn.(halves).CloseWrite()
		return
	}
	g.timer.Reset(g.every)
}

// dismiss ends the guard of a socket that is closed.
func (g *guard) dismiss() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.timer != nil {
		g.timer.Stop()
	}
}
