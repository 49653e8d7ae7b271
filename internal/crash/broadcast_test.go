//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"shmkit/ring"
	"shmkit/shm"
)

func init() { guests["broadcast"] = func() guest { return new(radio) } }

// radio is a Broadcast as one process has it open. Victims publish what is not 0;
// whoever looks overwrites all with 0.
type radio struct {
	b   *ring.Broadcast[large]
	p   *ring.Publisher[large] // if the process has it
	s   *ring.Subscriber[large]
	raw *shm.Object
	wish
}

const radioKeeps = 2

func (r *radio) create(seg *shm.Segment) (err error) {
	if r.b, err = ring.NewBroadcastIn[large](seg, "broadcast", radioKeeps); err == nil {
		err = r.opened(seg)
	}
	return errors.Join(err, r.clear())
}

func (r *radio) open(seg *shm.Segment) (err error) {
	if r.b, err = ring.OpenBroadcast[large](seg, "broadcast"); err == nil {
		err = r.opened(seg)
	}
	return err
}

func (r *radio) opened(seg *shm.Segment) (err error) {
	spec := laneSpec
	spec.Kind = shm.KindBroadcast
	if r.raw, err = seg.OpenObject("broadcast", spec); err == nil {
		r.s, err = r.b.Subscriber()
	}
	return err
}

func (r *radio) close() error {
	return errors.Join(r.give(), r.s.Detach(), r.b.Detach(), r.raw.Close())
}

func (r *radio) take() (err error) { r.p, err = r.b.Publisher(); return err }

// clear overwrites all that is kept.
func (r *radio) clear() error {
	return errors.Join(r.take(), r.p.PublishN(make([]large, radioKeeps)), r.give())
}

func (r *radio) publish() error { return r.p.Publish(uniform(1)) }

// hear gets a message that is not 0, and must be whole.
func (r *radio) hear() error {
	for {
		v, err := r.s.Get()
		switch {
		case errors.Is(err, ring.ErrLapped):
		case err == nil && v != uniform(v[0]):
			return fmt.Errorf("torn: %v", v)
		case err != nil || v[0] != 0:
			return err
		}
	}
}

// end finds nothing, because the publisher died, or was replaced while this process was
// stopped.
func (r *radio) end() error {
	_, err := r.s.TryGet()
	if errors.Is(err, ring.ErrEmpty) || errors.Is(err, ring.ErrLapped) {
		return nil
	}
	return died(err)
}

func (r *radio) warm() error {
	return errors.Join(r.take(), r.publish(), r.hear(), r.p.PublishN(make([]large, 2)), r.give())
}

func (r *radio) tasks() map[string]func() error {
	return map[string]func() error{
		"become publisher": r.take,
		"publish":          r.publish,
		"publish and stay": func() error { return errors.Join(r.take(), r.publish()) },
		"listen": func() error {
			return r.wants(func() error { return died(r.hear()) })
		},
	}
}

func (r *radio) give() (err error) {
	if r.p != nil {
		err = r.p.Detach()
		r.p = nil
	}
	return err
}

// kept counts what is there and not 0.
func (r *radio) kept() (n int, err error) {
	late, err := r.b.Subscriber()
	if err != nil {
		return 0, err
	}
	for late.Rewind(); ; {
		v, err := late.TryGet()
		switch {
		case errors.Is(err, ring.ErrLapped):
		case errors.Is(err, ring.ErrEmpty), errors.Is(err, ring.ErrPeerDied):
			return n, late.Detach()
		case err != nil || v != uniform(v[0]):
			return n, fmt.Errorf("%v, %w", v, err)
		case v[0] != 0:
			n++
		}
	}
}

func (r *radio) look() (string, error) {
	err := r.take()
	if err != nil {
		return "", err
	}
	n, err := r.kept()
	text := fmt.Sprintf("%d messages", n)
	if r.p.TookOver() {
		text += ", the publisher died"
	}
	return text, errors.Join(err, r.give(), r.clear())
}

// frozen: one who publishes keeps others from that, who are told. It keeps nobody from
// reading.
func (r *radio) frozen() (held bool, err error) {
	if r.p != nil || r.wanting() {
		return false, nil // something is under way that the frozen one is part of
	}
	if _, err := r.kept(); err != nil {
		return false, err
	}
	if err = r.take(); errors.Is(err, ring.ErrTaken) {
		r.p = nil
		return true, nil
	}
	return false, errors.Join(err, r.give())
}

// airs is an operation on the Broadcast.
func airs(f func(v *victim, r *radio) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["broadcast"].(*radio)) })
}

// listeners tells whether somebody waits for a message.
func listeners(s *scene) bool {
	return strings.Contains(s.guests["broadcast"].(*radio).raw.Describe(), "waited for")
}

// unfinished leaves a message half-written.
func unfinished(s *scene) { s.killIn("broadcast.Publish", 5) }

var broadcastShows = []string{"broadcast"}

var broadcastOperations = []operation{
	{name: "broadcast.Publish", brief: true, shows: broadcastShows,
		prepare: airs(func(v *victim, r *radio) func() error { v.Must(r.take()); return r.publish })},
	{name: "broadcast.PublishN", shows: broadcastShows,
		prepare: airs(func(v *victim, r *radio) func() error {
			v.Must(r.take())
			batch := []large{uniform(1), uniform(2)}
			return func() error { return r.p.PublishN(batch) }
		})},
	{name: "broadcast.Publish that wakes", shows: broadcastShows, meanwhile: residentAwaits("listen", listeners), rouse: residentGot,
		prepare: airs(func(v *victim, r *radio) func() error { v.Must(r.take()); v.wait(); return r.publish })},
	{name: "broadcast.Publisher", shows: broadcastShows,
		prepare: airs(func(_ *victim, r *radio) func() error { return r.take })},
	{name: "broadcast.Publisher from the dead", shows: broadcastShows, meanwhile: corpseDoes("publish and stay"),
		prepare: airs(func(v *victim, r *radio) func() error { v.wait(); return r.take })},
	{name: "broadcast.Publisher from the unfinished", shows: broadcastShows, stage: unfinished,
		prepare: airs(func(_ *victim, r *radio) func() error {
			return func() error { return errors.Join(r.take(), r.publish()) }
		})},
	{name: "broadcast.Get", brief: true, shows: broadcastShows,
		prepare: airs(func(v *victim, r *radio) func() error { v.Must(errors.Join(r.take(), r.publish())); return r.hear })},
	{name: "broadcast.Get that waits", shows: broadcastShows, stage: residentDoes("become publisher"), rouse: residentDoes("publish"),
		prepare: airs(func(_ *victim, r *radio) func() error { return r.hear })},
	{name: "broadcast.GetContext that is cancelled", shows: broadcastShows, stage: residentDoes("become publisher"), rouse: cancels,
		prepare: airs(func(v *victim, r *radio) func() error {
			return givesUp(func(ctx context.Context) error { _, err := r.s.GetContext(ctx); return err }, v.context())
		})},
	{name: "broadcast.Get after a death", shows: broadcastShows, meanwhile: corpseDoes("publish and stay"),
		prepare: airs(func(v *victim, r *radio) func() error {
			v.wait()
			return func() error { return errors.Join(r.hear(), r.end()) }
		})},
}
