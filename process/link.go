package process

import (
	"os"
	"sync"
	"time"

	"shmkit/internal/codec"
	"shmkit/internal/sys"
)

// link is what parent and child have between them: frames, and a file for what the Go
// runtime of the child writes when it dies.
type link struct {
	conn   *os.File // our end; package net would make every child begin later, by a third
	theirs *os.File // the child's end, until it has it
	crash  *os.File
	ended  chan struct{} // closed when nothing more comes

	mu      sync.Mutex // of those who write
	ordered bool       // the order was sent
	over    error      // why the child is to end, if that could not be said yet

	// Written by talk, read after ended.
	came    bool   // the child has come to what it was to do
	refused string // why it did not
	outcome *outcome
}

func newLink() (*link, error) {
	ours, theirs, err := sys.SocketPair()
	if err != nil {
		return nil, err
	}
	crash, err := sys.MemoryFile("crash output")
	if err != nil {
		theirs.Close()
		ours.Close()
		return nil, err
	}
	return &link{conn: ours, theirs: theirs, crash: crash, ended: make(chan struct{})}, nil
}

// closeTheirs gives up the end that the child has now.
func (l *link) closeTheirs() { l.theirs.Close() }

func (l *link) close() {
	l.conn.Close()
	l.crash.Close()
}

// talk tells the child of p what to do, and listens until it says no more.
func (l *link) talk(p *Process, what order, arg []byte) {
	defer close(l.ended)
	l.order(&what, arg) // if that fails it has died, and may have said why
	arg = nil           // it is kept nowhere
	for {
		kind, body, err := receive(l.conn)
		if err == nil {
			err = l.heard(p, kind, body)
		}
		if err != nil {
			return
		}
	}
}

// heard is one frame of the child.
func (l *link) heard(p *Process, k kind, body []byte) error {
	switch k {
	case takenFrame:
		l.came = true
		p.arg.Store(nil)
	case refusedFrame:
		return codec.Decode(body, &l.refused)
	case doneFrame:
		l.outcome = &outcome{result: body}
	case keptFrame:
		if p.open == nil {
			return badFrame(k)
		}
		o := &outcome{opened: true}
		o.value, o.valueErr = p.open(body)
		l.outcome = o
		return l.say(openedFrame, "")
	case failedFrame:
		r := new(report)
		if err := codec.Decode(body, r); err != nil {
			return err
		}
		l.outcome = &outcome{err: r}
	default:
		return badFrame(k)
	}
	return nil
}

// say tells the child something after its orders.
func (l *link) say(k kind, text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return send(l.conn, k, text)
}

// order is the first frames. They are all that is sent of the argument.
func (l *link) order(what *order, arg []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := sendRaw(l.conn, orderFrame, what.encode())
	if err == nil && what.Exec == nil {
		err = sendRaw(l.conn, argumentFrame, arg)
	}
	l.ordered = true
	if l.over != nil && err == nil {
		err = send(l.conn, cancelFrame, l.over.Error())
	}
	return err
}

// cancel tells the child that it is to end.
func (l *link) cancel(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over = cause; l.ordered {
		send(l.conn, cancelFrame, cause.Error())
	}
}

// finish waits for all that the child has said, which has ended, and for no other process
// that has its end of the socket, as one has that was forked in the wrong moment.
func (l *link) finish() {
	sys.EndInput(l.conn)
	l.conn.SetWriteDeadline(time.Unix(1, 0))
	<-l.ended
}
