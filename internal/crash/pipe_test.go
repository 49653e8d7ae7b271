//go:build linux && (amd64 || arm64)

package crash_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/pipe"
	"shmkit/ring"
	"shmkit/shm"
)

func init() { guests["pipe"] = func() guest { return new(wire) } }

// wire is a connection from end 1 to end 0, as one process has it open. A message of n
// bytes is n times n.
type wire struct {
	seg     *shm.Segment
	to, end *pipe.Conn // ends that the process has: 0 and 1
	raw     *shm.Object
	wish
}

const (
	wireRoom  = 256
	wireShort = 40  // one record
	wireLong  = 120 // three, for which there is room wherever they begin
)

func (w *wire) create(seg *shm.Segment) error {
	a, b, err := pipe.NewRoomIn(seg, "pipe", false, wireRoom)
	if err != nil {
		return err
	}
	return errors.Join(a.Detach(), b.Close(), w.open(seg))
}

func (w *wire) open(seg *shm.Segment) (err error) {
	spec := bytesSpec(0)
	spec.Kind = shm.KindPair
	w.seg = seg
	w.raw, err = seg.OpenObject("pipe", spec)
	return err
}

func (w *wire) close() error { return errors.Join(w.give(), w.raw.Close()) }

func (w *wire) sender() (err error) { w.end, err = pipe.Open(w.seg, "pipe", 1); return err }

func (w *wire) receiver() (err error) { w.to, err = pipe.Open(w.seg, "pipe", 0); return err }

func (w *wire) both() error { return errors.Join(w.sender(), w.receiver()) }

// turn moves the empty ring on until the next record begins at its start.
func (w *wire) turn() (err error) {
	head := shm.Head[layout.StreamHead](w.raw, 0)
	for err == nil && atomic.LoadUint64(&head.Tail)%wireRoom != 0 {
		err = errors.Join(w.send(0), w.receive())
	}
	return err
}

func (w *wire) send(n int) error { return w.end.SendBytes(lineOf(n)) }

// receive receives a message, which must be whole.
func (w *wire) receive() error {
	var buf [wireRoom]byte
	n, err := w.to.RecvInto(buf[:])
	if err == nil && !bytes.Equal(buf[:n], lineOf(n)) {
		err = fmt.Errorf("torn: %x", buf[:n])
	}
	return err
}

func (w *wire) warm() error {
	return errors.Join(w.both(), w.send(wireShort), w.receive(), w.send(wireLong), w.receive(), w.give())
}

func (w *wire) tasks() map[string]func() error {
	return map[string]func() error{
		"pipe sender":   w.sender,
		"pipe receiver": w.receiver,
		"pipe send":     func() error { return w.send(wireShort) },
		"pipe receive":  w.receive,
		// A corpse that has sent a message, and half of a long one.
		"begin to talk": func() error { return errors.Join(w.sender(), w.send(wireShort), w.half()) },
		"want a message": func() error {
			return errors.Join(w.receiver(), w.wants(w.receive))
		},
	}
}

// half sends the first piece of a long message.
func (w *wire) half() error {
	return givesUp(func(ctx context.Context) error { return w.end.SendBytesContext(ctx, lineOf(wireLong)) }, spent())()
}

// give gives the ends back.
func (w *wire) give() (err error) {
	if w.wanting() {
		return nil // got does it
	}
	for _, c := range []**pipe.Conn{&w.end, &w.to} {
		if *c != nil {
			err = errors.Join(err, (*c).Detach())
		}
		*c = nil
	}
	return err
}

// got: it has come, or the victim died before.
func (w *wire) got() error {
	if !w.wanting() {
		return nil
	}
	return errors.Join(ended(w.wish.got()), w.give())
}

// ended makes it no error that the other end is gone.
func ended(err error) error {
	if err == io.EOF || errors.Is(err, pipe.ErrPeerGone) {
		return nil
	}
	return err
}

// over finds the end, because the sender died, or nothing, because it was replaced while
// this process was stopped.
func (w *wire) over() error {
	_, err := w.to.RecvIntoContext(spent(), nil)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return ended(err)
}

// spent is a context that has ended.
func spent() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// look counts what is there, and who left an end behind.
func (w *wire) look() (string, error) {
	state := w.raw.Describe()
	if err := w.receiver(); err != nil {
		return "", err
	}
	n := 0
	for ; ; n++ {
		if ok, err := w.to.Poll(0); !ok {
			if err != nil {
				return "", err
			}
			break
		}
		if err := w.receive(); err == io.EOF {
			break
		} else if err != nil {
			return "", err
		}
	}
	err := errors.Join(w.sender(), w.give())
	err = errors.Join(err, w.both(), w.turn(), w.give()) // so that every victim goes the same way
	return found(n, "messages", strings.Contains(state, "producer died"), strings.Contains(state, "consumer died")), err
}

// frozen: one who has an end keeps others from it, who are told.
func (w *wire) frozen() (held bool, err error) {
	if w.end != nil || w.to != nil {
		return false, nil // something is under way that the frozen one is part of
	}
	for _, take := range []func() error{w.sender, w.receiver} {
		if e := take(); errors.Is(e, ring.ErrTaken) {
			held = true
			w.end, w.to = nil, nil
		} else {
			err = errors.Join(err, e, w.give())
		}
	}
	return held, err
}

// talks is an operation on the connection.
func talks(f func(v *victim, w *wire) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["pipe"].(*wire)) })
}

var wireWaits = regexp.MustCompile("consumer pid [0-9]+ waits")

// receiverSleeps tells whether the one who has end 0 waits.
func receiverSleeps(s *scene) bool {
	return wireWaits.MatchString(s.guests["pipe"].(*wire).raw.Describe())
}

var pipeShows = []string{"pipe"}

var pipeOperations = []operation{
	{name: "pipe.Send", shows: pipeShows,
		prepare: talks(func(v *victim, w *wire) func() error {
			v.Must(errors.Join(w.both(), w.turn()))
			b := lineOf(wireShort)
			return func() error { return w.end.SendBytes(b) }
		})},
	{name: "pipe.Send of a long message", shows: pipeShows,
		prepare: talks(func(v *victim, w *wire) func() error {
			v.Must(errors.Join(w.both(), w.turn()))
			b := lineOf(wireLong)
			return func() error { return w.end.SendBytes(b) }
		})},
	{name: "pipe.Send that wakes", shows: pipeShows, meanwhile: residentAwaits("want a message", receiverSleeps), rouse: residentGot,
		prepare: talks(func(v *victim, w *wire) func() error {
			v.Must(w.sender())
			v.wait()
			b := lineOf(wireShort)
			return func() error { return w.end.SendBytes(b) }
		})},
	{name: "pipe.Recv", shows: pipeShows,
		prepare: talks(func(v *victim, w *wire) func() error {
			v.Must(errors.Join(w.both(), w.turn(), w.send(wireShort)))
			return w.receive
		})},
	{name: "pipe.Recv of a long message", shows: pipeShows,
		prepare: talks(func(v *victim, w *wire) func() error {
			v.Must(errors.Join(w.both(), w.turn(), w.send(wireLong)))
			return w.receive
		})},
	{name: "pipe.Recv that waits", shows: pipeShows, stage: residentDoes("pipe sender"), rouse: residentDoes("pipe send"),
		prepare: talks(func(v *victim, w *wire) func() error { v.Must(w.receiver()); return w.receive })},
	{name: "pipe.Recv after a death", shows: pipeShows, meanwhile: corpseDoes("begin to talk"),
		prepare: talks(func(v *victim, w *wire) func() error {
			v.Must(w.receiver())
			v.wait()
			return func() error { return errors.Join(w.receive(), w.over()) }
		})},
	{name: "pipe.Open from the dead", shows: pipeShows, meanwhile: corpseDoes("begin to talk"),
		prepare: talks(func(v *victim, w *wire) func() error { v.wait(); return w.sender })},
}
