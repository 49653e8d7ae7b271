//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"shmkit/ring"
	"shmkit/shm"
)

func init() { guests["spsc"] = func() guest { return new(lane) } }

// lane is an SPSC as one process has it open.
type lane struct {
	s   *ring.SPSC[large]
	p   *ring.Producer[large] // ends that the process has
	c   *ring.Consumer[large]
	raw *shm.Object
	wish
}

var laneSpec = func() shm.Spec {
	t, err := shm.TypeOf[large]()
	if err != nil {
		panic(err)
	}
	return shm.Spec{Kind: shm.KindSPSC, Type: t}
}()

const laneItems = 2

func (l *lane) create(seg *shm.Segment) (err error) {
	if l.s, err = ring.NewSPSCIn[large](seg, "spsc", laneItems); err == nil {
		l.raw, err = seg.OpenObject("spsc", laneSpec)
	}
	return err
}

func (l *lane) open(seg *shm.Segment) (err error) {
	if l.s, err = ring.OpenSPSC[large](seg, "spsc"); err == nil {
		l.raw, err = seg.OpenObject("spsc", laneSpec)
	}
	return err
}

func (l *lane) close() error { return errors.Join(l.give(), l.s.Detach(), l.raw.Close()) }

func (l *lane) produce() (err error) { l.p, err = l.s.Producer(); return err }

func (l *lane) consume() (err error) { l.c, err = l.s.Consumer(); return err }

// both takes both ends.
func (l *lane) both() error { return errors.Join(l.produce(), l.consume()) }

// send puts items, up to so many.
func (l *lane) send(n int) error {
	for i := range uint64(n) {
		if err := l.p.Put(uniform(i)); err != nil {
			return err
		}
	}
	return nil
}

// receive gets an item, which must be whole.
func (l *lane) receive() error {
	v, err := l.c.Get()
	if err == nil && v != uniform(v[0]) {
		err = fmt.Errorf("torn: %v", v)
	}
	return err
}

// claim fills an item in place.
func (l *lane) claim() error {
	v, err := l.p.Claim()
	if err == nil {
		*v = uniform(7)
	}
	return err
}

func (l *lane) peek() error { _, err := l.c.Peek(); return err }

func (l *lane) warm() error {
	return errors.Join(l.both(), l.send(1), l.receive(), l.claim(), l.p.Commit(), l.peek(), l.c.Release(),
		second(l.p.PutN(make([]large, 2))), second(l.c.GetN(make([]large, 2))), l.give())
}

func second(_ int, err error) error { return err }

func (l *lane) tasks() map[string]func() error {
	return map[string]func() error{
		"produce": l.produce,
		"consume": l.consume,
		"send":    func() error { return l.send(1) },
		"receive": func() error { return l.receive() },
		// A corpse that has an item published, and one half-written.
		"begin to send": func() error { return errors.Join(l.produce(), l.send(1), l.claim()) },
		"want an item":  func() error { return errors.Join(l.consume(), l.wants(l.receive)) },
		"want room for an item": func() error {
			return errors.Join(l.produce(), l.send(laneItems), l.wants(func() error { return l.send(1) }))
		},
	}
}

// give gives the ends back.
func (l *lane) give() (err error) {
	if l.wanting() {
		return nil // got does it
	}
	if l.p != nil {
		err = l.p.Detach()
	}
	if l.c != nil {
		err = errors.Join(err, l.c.Detach())
	}
	l.p, l.c = nil, nil
	return err
}

// got: it has come, or the victim died before.
func (l *lane) got() error {
	if !l.wanting() {
		return nil
	}
	return errors.Join(unless(l.wish.got(), ring.ErrPeerDied), l.give())
}

// look counts what is there, and who left an end behind.
func (l *lane) look() (string, error) {
	if err := l.both(); err != nil {
		return "", err
	}
	n := 0
	for {
		v, err := l.c.TryGet()
		if errors.Is(err, ring.ErrEmpty) {
			break
		}
		if err != nil || v != uniform(v[0]) {
			return "", fmt.Errorf("%v, %w", v, err)
		}
		n++
	}
	return found(n, "items", l.p.TookOver(), l.c.TookOver()), l.give()
}

// found tells what was in a stream.
func found(n int, what string, noProducer, noConsumer bool) string {
	text := fmt.Sprintf("%d %s", n, what)
	if noProducer {
		text += ", the producer died"
	}
	if noConsumer {
		text += ", the consumer died"
	}
	return text
}

// frozen: one who has an end keeps others from it, who are told.
func (l *lane) frozen() (held bool, err error) {
	if l.p != nil || l.c != nil {
		return false, nil // something is under way that the frozen one is part of
	}
	for _, take := range []func() error{l.produce, l.consume} {
		if e := take(); errors.Is(e, ring.ErrTaken) {
			held = true
			l.p, l.c = nil, nil
		} else {
			err = errors.Join(err, e, l.give())
		}
	}
	return held, err
}

// goes is an operation on the SPSC.
func goes(f func(v *victim, l *lane) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["spsc"].(*lane)) })
}

// end finds nothing, because the producer died, or was replaced while this process was
// stopped.
func (l *lane) end() error {
	_, err := l.c.TryGet()
	if errors.Is(err, ring.ErrEmpty) {
		return nil
	}
	return died(err)
}

// died makes it no error that the other end died.
func died(err error) error {
	if errors.Is(err, ring.ErrPeerDied) {
		return nil
	}
	return err
}

// sleeps tells whether the one who has that end of the SPSC waits.
func sleeps(end string) func(s *scene) bool {
	waits := regexp.MustCompile(end + " pid [0-9]+ waits")
	return func(s *scene) bool { return waits.MatchString(s.guests["spsc"].(*lane).raw.Describe()) }
}

var spscShows = []string{"spsc"}

var spscOperations = []operation{
	{name: "spsc.Put", brief: true, shows: spscShows,
		prepare: goes(func(v *victim, l *lane) func() error {
			v.Must(l.produce())
			return func() error { return l.p.TryPut(uniform(1)) }
		})},
	{name: "spsc.PutN", shows: spscShows,
		prepare: goes(func(v *victim, l *lane) func() error {
			v.Must(l.produce())
			items := []large{uniform(1), uniform(2)}
			return func() error { return second(l.p.PutN(items)) }
		})},
	{name: "spsc.Claim and Commit", brief: true, shows: spscShows,
		prepare: goes(func(v *victim, l *lane) func() error {
			v.Must(l.produce())
			return func() error {
				if err := l.claim(); err != nil {
					return err
				}
				return l.p.Commit()
			}
		})},
	{name: "spsc.Get", brief: true, shows: spscShows,
		prepare: goes(func(v *victim, l *lane) func() error { v.Must(errors.Join(l.both(), l.send(1))); return l.receive })},
	{name: "spsc.GetN", shows: spscShows,
		prepare: goes(func(v *victim, l *lane) func() error {
			v.Must(errors.Join(l.both(), l.send(2)))
			to := make([]large, 2)
			return func() error { return second(l.c.GetN(to)) }
		})},
	{name: "spsc.Peek and Release", brief: true, shows: spscShows,
		prepare: goes(func(v *victim, l *lane) func() error {
			v.Must(errors.Join(l.both(), l.send(1)))
			return func() error {
				if err := l.peek(); err != nil {
					return err
				}
				return l.c.Release()
			}
		})},
	{name: "spsc.Producer", shows: spscShows,
		prepare: goes(func(_ *victim, l *lane) func() error { return l.produce })},
	{name: "spsc.Producer from the dead", shows: spscShows, meanwhile: corpseDoes("begin to send"),
		prepare: goes(func(v *victim, l *lane) func() error { v.wait(); return l.produce })},
	{name: "spsc.ProducerContext that waits", shows: spscShows, stage: residentDoes("produce"), rouse: residentGives,
		prepare: goes(func(_ *victim, l *lane) func() error {
			return func() (err error) { l.p, err = l.s.ProducerContext(context.Background()); return err }
		})},
	{name: "spsc.Detach of a producer", brief: true, shows: spscShows,
		prepare: goes(func(v *victim, l *lane) func() error { v.Must(errors.Join(l.produce(), l.send(1))); return l.p.Detach })},
	{name: "spsc.Put that waits", shows: spscShows, stage: residentDoes("consume"), rouse: residentDoes("receive"),
		prepare: goes(func(v *victim, l *lane) func() error {
			v.Must(errors.Join(l.produce(), l.send(laneItems)))
			return func() error { return l.send(1) }
		})},
	{name: "spsc.Put that wakes", shows: spscShows, meanwhile: residentAwaits("want an item", sleeps("consumer")), rouse: residentGot,
		prepare: goes(func(v *victim, l *lane) func() error {
			v.Must(l.produce())
			v.wait()
			return func() error { return l.send(1) }
		})},
	{name: "spsc.Get that waits", shows: spscShows, stage: residentDoes("produce"), rouse: residentDoes("send"),
		prepare: goes(func(v *victim, l *lane) func() error { v.Must(l.consume()); return l.receive })},
	{name: "spsc.Get that wakes", shows: spscShows, meanwhile: residentAwaits("want room for an item", sleeps("producer")), rouse: residentGot,
		prepare: goes(func(v *victim, l *lane) func() error {
			v.Must(l.consume())
			v.wait()
			return l.receive
		})},
	{name: "spsc.GetContext that is cancelled", shows: spscShows, stage: residentDoes("produce"), rouse: cancels,
		prepare: goes(func(v *victim, l *lane) func() error {
			v.Must(l.consume())
			return givesUp(func(ctx context.Context) error { _, err := l.c.GetContext(ctx); return err }, v.context())
		})},
	{name: "spsc.Get after a death", shows: spscShows, meanwhile: corpseDoes("begin to send"),
		prepare: goes(func(v *victim, l *lane) func() error {
			v.Must(l.consume())
			v.wait()
			return func() error { return errors.Join(l.receive(), l.end()) }
		})},
}
