package pipe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Listener waits for clients at an address and makes a [Conn] of each, once it has shown
// that it has the key if there is one. Each client is asked in a goroutine of its own, for
// a limited time, so that one who is silent, slow or hostile holds up nobody.
//
// Use [Listen]; a Listener must not be copied. All methods may be called concurrently, by
// the process that made it. If that process dies, clients that wait are cut off, and the
// next Listen takes the address over.
type Listener struct {
	family  string
	address string
	ln      net.Listener
	info    os.FileInfo // of the file of a unix listener, or nil
	o       *options

	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc
	closed atomic.Bool
	left   sync.WaitGroup

	lobby   lobby
	waiting chan struct{} // a token for each that waits for Accept
	ready   chan *Conn
	refused atomic.Uint64
}

// maxWaiting is how many clients may wait for Accept. After that the kernel keeps them.
const maxWaiting = 128

// start makes a Listener of a socket that listens.
func start(family, address string, ln net.Listener, o *options) *Listener {
	l := &Listener{
		family: family, address: address, ln: ln, o: o,
		waiting: make(chan struct{}, maxWaiting), ready: make(chan *Conn),
	}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// Accept gives the next client, and waits for one as long as it takes; first comes who is
// first done with the handshake. Clients that were refused are no error of it; see
// Refused. Errors: [ErrClosed].
func (l *Listener) Accept() (*Conn, error) { return l.AcceptContext(context.Background()) }

// AcceptContext is Accept that gives up when ctx ends: it then returns the cause of ctx,
// and no client is lost. If there is one ctx is not looked at.
func (l *Listener) AcceptContext(ctx context.Context) (*Conn, error) {
	if l.closed.Load() {
		return nil, ErrClosed
	}
	select {
	case c := <-l.ready:
		return c, nil
	default:
	}
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.ctx.Done():
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Address is what Dial needs: a free port, or a path, that Listen chose is filled in.
func (l *Listener) Address() string { return l.address }

// Family is what Listen was given.
func (l *Listener) Family() string { return l.family }

// Refused is how many clients were refused so far, or not even accepted by the kernel; see
// [WithRefused].
func (l *Listener) Refused() uint64 { return l.refused.Load() }

// String is for people.
func (l *Listener) String() string { return fmt.Sprintf("Listener(%s:%s)", l.family, l.address) }

// Close stops listening and removes the path; clients that wait are cut off, and Accept
// gives [ErrClosed]. Connections that Accept gave stay. A second Close gives ErrClosed.
func (l *Listener) Close() error {
	if l.closed.Swap(true) {
		return ErrClosed
	}
	// As long as the socket is open nobody takes the path for one that was left behind.
	if now, err := os.Lstat(l.address); l.info != nil && err == nil && os.SameFile(l.info, now) {
		os.Remove(l.address)
	}
	err := l.ln.Close()
	l.cancel(ErrClosed)
	l.left.Wait()
	return err
}

// serve accepts until Close.
func (l *Listener) serve() {
	defer l.left.Done()
	for pause := time.Duration(0); ; {
		select {
		case l.waiting <- struct{}{}:
			<-l.waiting
		case <-l.ctx.Done():
			return
		}
		c, err := l.ln.Accept()
		if err == nil {
			pause = 0
			l.left.Add(1)
			ctx, done := l.lobby.enter(l.ctx) // here: in the order in which they came
			go l.greet(ctx, done, c)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Most often there are too many open files: others will be closed.
		l.refuse("", err)
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-l.ctx.Done():
			return
		}
	}
}

// greet makes a connection of a client that the kernel has accepted.
func (l *Listener) greet(ctx context.Context, done func(), c net.Conn) {
	defer l.left.Done()
	conn, err := l.admit(ctx, c)
	done()
	if err != nil {
		if l.ctx.Err() == nil {
			l.refuse(addressText(c.RemoteAddr()), err)
		}
		return
	}
	select {
	case l.waiting <- struct{}{}:
		defer func() { <-l.waiting }()
	case <-l.ctx.Done():
		conn.Close()
		return
	}
	select {
	case l.ready <- conn:
	case <-l.ctx.Done():
		conn.Close()
	}
}

func (l *Listener) admit(ctx context.Context, c net.Conn) (*Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.o.patient, os.ErrDeadlineExceeded)
	defer cancel()
	return establish(ctx, l.family, c, l.o, false)
}

func (l *Listener) refuse(remote string, err error) {
	l.refused.Add(1)
	if l.o.refused != nil {
		l.o.refused(remote, err)
	}
}
