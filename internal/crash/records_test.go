//go:build linux && (amd64 || arm64)

package crash_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/ring"
	"shmkit/shm"
)

func init() { guests["records"] = func() guest { return new(scroll) } }

// scroll is a Records as one process has it open. A record of n bytes is n times n.
type scroll struct {
	r    *ring.Records
	w    *ring.Writer // ends that the process has
	c    *ring.Reader
	head *layout.StreamHead
	raw  *shm.Object
}

const (
	scrollBytes = 128
	scrollLong  = scrollBytes/2 - layout.RecordHead // the longest record
)

func (s *scroll) create(seg *shm.Segment) (err error) {
	if s.r, err = ring.NewRecordsIn(seg, "records", scrollBytes); err == nil {
		err = s.opened(seg)
	}
	return err
}

func (s *scroll) open(seg *shm.Segment) (err error) {
	if s.r, err = ring.OpenRecords(seg, "records"); err == nil {
		err = s.opened(seg)
	}
	return err
}

// opened reaches into the ring.
func (s *scroll) opened(seg *shm.Segment) (err error) {
	spec := bytesSpec(0)
	spec.Kind = shm.KindRecords
	if s.raw, err = seg.OpenObject("records", spec); err == nil {
		s.head = shm.Head[layout.StreamHead](s.raw, 0)
	}
	return err
}

func (s *scroll) close() error { return errors.Join(s.give(), s.r.Detach(), s.raw.Close()) }

func (s *scroll) write() (err error) { s.w, err = s.r.Writer(); return err }

func (s *scroll) both() (err error) {
	err = s.write()
	if err == nil {
		s.c, err = s.r.Reader()
	}
	return err
}

func lineOf(n int) []byte { return bytes.Repeat([]byte{byte(n)}, n) }

// turn moves the empty ring on until the next record begins there.
func (s *scroll) turn(pos uint64) (err error) {
	for err == nil && atomic.LoadUint64(&s.head.Tail)%scrollBytes != pos {
		err = errors.Join(s.w.TryPut(nil), only(s.c.TryGet(nil)))
	}
	return err
}

// only is the error.
func only(_ []byte, err error) error { return err }

func (s *scroll) warm() error {
	batch := [][]byte{lineOf(3), lineOf(9)}
	return errors.Join(s.both(), s.turn(0), s.w.Put(lineOf(scrollLong)), only(s.c.Get(nil)), s.turn(96),
		s.w.Put(lineOf(scrollLong)), only(s.c.Get(nil)),
		second(s.w.PutN(batch)), second(s.c.GetN(batch)), s.give())
}

func (s *scroll) tasks() map[string]func() error {
	return map[string]func() error{
		// A corpse that has a record published, and one half-written.
		"begin to write": func() error {
			return errors.Join(s.both(), s.turn(96), s.c.Detach(), s.w.Put(lineOf(5)), only(s.w.Claim(scrollLong)))
		},
	}
}

func (s *scroll) give() (err error) {
	if s.w != nil {
		err = s.w.Detach()
	}
	if s.c != nil {
		err = errors.Join(err, s.c.Detach())
	}
	s.w, s.c = nil, nil
	return err
}

func (s *scroll) got() error { return nil }

// look counts what is there, and who left an end behind.
func (s *scroll) look() (string, error) {
	if err := s.both(); err != nil {
		return "", err
	}
	n := 0
	for {
		b, err := s.c.TryGet(nil)
		if errors.Is(err, ring.ErrEmpty) {
			break
		}
		if err != nil || !bytes.Equal(b, lineOf(len(b))) {
			return "", fmt.Errorf("%x, %w", b, err)
		}
		n++
	}
	return found(n, "records", s.w.TookOver(), s.c.TookOver()), s.give()
}

func (s *scroll) frozen() (held bool, err error) {
	if e := s.both(); errors.Is(e, ring.ErrTaken) {
		held = true
	} else {
		err = e
	}
	return held, errors.Join(err, s.give())
}

// inscribes is an operation on the Records, the next of which begins at pos.
func inscribes(pos uint64, f func(v *victim, s *scroll) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error {
		s := v.guests["records"].(*scroll)
		v.Must(errors.Join(s.both(), s.turn(pos)))
		return f(v, s)
	})
}

var recordsShows = []string{"records"}

var recordsOperations = []operation{
	{name: "records.Put", brief: true, shows: recordsShows,
		prepare: inscribes(0, func(_ *victim, s *scroll) func() error {
			b := lineOf(scrollLong)
			return func() error { return s.w.TryPut(b) }
		})},
	{name: "records.Put past the end", shows: recordsShows,
		prepare: inscribes(96, func(_ *victim, s *scroll) func() error {
			b := lineOf(scrollLong)
			return func() error { return s.w.TryPut(b) }
		})},
	{name: "records.PutN", shows: recordsShows,
		prepare: inscribes(96, func(_ *victim, s *scroll) func() error {
			batch := [][]byte{lineOf(9), lineOf(20), lineOf(0)}
			return func() error { return second(s.w.PutN(batch)) }
		})},
	{name: "records.Claim and Commit", shows: recordsShows,
		prepare: inscribes(96, func(_ *victim, s *scroll) func() error {
			return func() error {
				b, err := s.w.Claim(scrollLong)
				if err != nil {
					return err
				}
				return s.w.Commit(copy(b, lineOf(40)))
			}
		})},
	{name: "records.Get", shows: recordsShows,
		prepare: inscribes(96, func(v *victim, s *scroll) func() error {
			v.Must(s.w.Put(lineOf(scrollLong)))
			to := make([]byte, 0, scrollBytes)
			return func() error { return only(s.c.Get(to)) }
		})},
	{name: "records.GetN", shows: recordsShows,
		prepare: inscribes(96, func(v *victim, s *scroll) func() error {
			v.Must(errors.Join(s.w.Put(lineOf(9)), s.w.Put(lineOf(20))))
			to := [][]byte{make([]byte, scrollBytes), make([]byte, scrollBytes), nil}
			return func() error { return second(s.c.GetN(to)) }
		})},
	{name: "records.Writer from the dead", shows: recordsShows, meanwhile: corpseDoes("begin to write"),
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			s := v.guests["records"].(*scroll)
			v.wait()
			return func() error { return errors.Join(s.write(), s.w.TryPut(lineOf(5))) }
		})},
}
