package main

import (
	"errors"
	"path/filepath"

	"shmkit/shm"
	"shmkit/value"
)

// inside is the name of the Value that the rows below open.
const inside = "value"

func handleRows() []benchmark {
	const peer = "opened by its name"
	return []benchmark{
		{name: "handle/attach", unit: "µs", scale: 1e3, peer: peer, start: attachMapped},
		{name: "handle/attach-unmapped", unit: "µs", scale: 1e3, peer: peer, start: attachUnmapped},
	}
}

// namedValue makes a Value in a segment of its own; both are open to the end of
// the row.
func (l *lab) namedValue(file string) (*shm.Segment, *value.Value[float64], error) {
	seg, err := shm.Create(filepath.Join(l.dir, file))
	if err != nil {
		return nil, nil, err
	}
	l.later(func() { errors.Join(seg.Close(), shm.Remove(seg.Path())) })
	v, err := value.NewIn(seg, inside, 1.5)
	if err != nil {
		return nil, nil, err
	}
	l.later(func() { v.Close() })
	return seg, v, nil
}

// attachMapped opens a Value by the text of its handle, and closes it, in a
// process that has the segment mapped.
func attachMapped(l *lab) (contest, error) {
	seg, v, err := l.namedValue("mapped")
	if err != nil {
		return contest{}, err
	}
	text, err := v.MarshalText()
	if err != nil {
		return contest{}, err
	}
	return between(
		each(func() error { return attachText(text) }),
		each(func() error { return attachName(seg) }))
}

// attachUnmapped does the same in processes that have nothing else of the segment,
// so that each operation attaches and detaches.
func attachUnmapped(l *lab) (contest, error) {
	seg, v, err := l.namedValue("unmapped")
	if err != nil {
		return contest{}, err
	}
	text, err := v.MarshalText()
	if err != nil {
		return contest{}, err
	}
	ours, err := l.child("attach-handle", string(text))
	if err != nil {
		return contest{}, err
	}
	peer, err := l.child("attach-name", seg.Path())
	if err != nil {
		return contest{}, err
	}
	return between(ours.run, peer.run)
}

func attachHandleChild(args []string) (role, error) {
	text := []byte(args[0])
	return costs(each(func() error { return attachText(text) })), nil
}

func attachNameChild(args []string) (role, error) {
	return costs(each(func() error {
		seg, err := shm.Open(args[0])
		if err != nil {
			return err
		}
		return errors.Join(attachName(seg), seg.Close())
	})), nil
}

func attachText(text []byte) error {
	v := new(value.Value[float64])
	if err := v.UnmarshalText(text); err != nil {
		return err
	}
	return v.Close()
}

func attachName(seg *shm.Segment) error {
	v, err := value.Open[float64](seg, inside)
	if err != nil {
		return err
	}
	return v.Close()
}

// each is the runner that calls f n times and takes the time of them all.
func each(f func() error) runner {
	var failed error
	all := timed(func(n int) {
		for range n {
			if failed = f(); failed != nil {
				return
			}
		}
	})
	return func(n int) (float64, error) {
		ns, _ := all(n)
		return ns, failed
	}
}
