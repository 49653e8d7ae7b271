package main

import (
	"fmt"

	"shmkit/ring"
)

// bySize is the series of rows that show how the cost grows with the message.
const bySize = "Growth by size"

// sizes are the messages of bySize.
var sizes = []size{
	sized("8B", func(m *[8]byte) []byte { return m[:] }),
	sized("64B", func(m *[64]byte) []byte { return m[:] }),
	sized("512B", func(m *[512]byte) []byte { return m[:] }),
	sized("4KiB", func(m *[4 << 10]byte) []byte { return m[:] }),
	sized("32KiB", func(m *[32 << 10]byte) []byte { return m[:] }),
	sized("256KiB", func(m *[256 << 10]byte) []byte { return m[:] }),
	sized(largest, func(m *[1 << 20]byte) []byte { return m[:] }),
}

const largest = "1MiB"

func sizeRows() []benchmark {
	list := []benchmark{
		{name: "queue/1MiB-lease", unit: "µs", scale: 1e3, peer: socketPeer, target: 1.0 / 20, start: sizeRow(largest, "ends")},
		{name: "queue/1MiB-lease-pages", unit: "µs", scale: 1e3, peer: socketPeer, start: sizeRow(largest, "pages")},
		{name: "queue/1MiB-lease-all", unit: "µs", scale: 1e3, peer: socketPeer, start: sizeRow(largest, "all")},
	}
	for _, s := range sizes {
		list = append(list, benchmark{name: "queue/size-" + s.name, series: bySize, unit: "µs", scale: 1e3, peer: socketPeer,
			start: sizeRow(s.name, "copy")})
	}
	return list
}

// sizeRow sends messages of one size by loan and lease, from one process to another, and
// through a unix socket.
func sizeRow(name, what string) func(*lab) (contest, error) {
	return func(l *lab) (contest, error) {
		text, err := sizeOf(name).queue(l)
		if err != nil {
			return contest{}, err
		}
		ours, err := newPair([2]string{"size-put", "size-take"}, func(role string) (*worker, error) {
			return l.child(role, text, name, what)
		})
		if err != nil {
			return contest{}, err
		}
		theirs, err := l.sockets(sizeOf(name).bytes, what)
		if err != nil {
			return contest{}, err
		}
		return between(ours.run, theirs.run)
	}
}

// size is a length of messages, and a queue of such.
type size struct {
	name  string
	bytes int
	// queue makes one, and gives its handle; put and take open it, and deal with n messages
	// whose content is what is written, or read, by f.
	queue     func(l *lab) (text string, err error)
	put, take func(text string, f func([]byte)) (role, error)
}

func sizeOf(name string) size {
	for _, s := range sizes {
		if s.name == name {
			return s
		}
	}
	panic("bench: no size is called " + name)
}

// A queue has room for some messages, and no more bytes than the caches: those of large
// messages hold fewer.
const leastRoom, mostRoom, sizeMemory = 8, 1024, 1 << 20

func sized[T any](name string, slice func(*T) []byte) size {
	bytes := len(slice(new(T)))
	return size{
		name: name, bytes: bytes,
		queue: func(l *lab) (string, error) {
			q, err := ring.New[T](max(leastRoom, min(mostRoom, sizeMemory/bytes)))
			if err != nil {
				return "", err
			}
			l.later(func() { q.Detach() })
			text, err := q.MarshalText()
			return string(text), err
		},
		put: func(text string, f func([]byte)) (role, error) {
			q := new(ring.Queue[T])
			err := q.UnmarshalText([]byte(text))
			return often(func() error {
				m, err := q.Loan()
				if err != nil {
					return err
				}
				f(slice(m.Value))
				return m.Publish()
			}), err
		},
		take: func(text string, f func([]byte)) (role, error) {
			q := new(ring.Queue[T])
			err := q.UnmarshalText([]byte(text))
			return often(func() error {
				m, err := q.Lease()
				if err != nil {
					return err
				}
				f(slice(m.Value))
				return m.Ack()
			}), err
		},
	}
}

// often is the role of who does one thing n times.
func often(f func() error) role {
	return func(n int) (string, error) {
		for range n {
			if err := f(); err != nil {
				return "", err
			}
		}
		return "done", nil
	}
}

func sizePutChild(args []string) (role, error) {
	s := sizeOf(args[1])
	write, _, err := contentOf(args[2], s.bytes)
	if err != nil {
		return nil, err
	}
	return s.put(args[0], write)
}

func sizeTakeChild(args []string) (role, error) {
	s := sizeOf(args[1])
	_, read, err := contentOf(args[2], s.bytes)
	if err != nil {
		return nil, err
	}
	return s.take(args[0], read)
}

// contentOf is what the two do with a message: write, and add up, its first and last word
// ("ends"), a word of each page ("pages"), all words ("all"), or copy it from private
// memory, and to it ("copy").
func contentOf(what string, bytes int) (write, read func([]byte), err error) {
	switch what {
	case "ends":
		write, read = fillEnds, addEnds
	case "pages":
		write, read = fillPages, addPages
	case "all":
		write, read = fill, addUp
	case "copy":
		private := make([]byte, bytes)
		write, read = func(b []byte) { copy(b, private) }, func(b []byte) { copy(private, b) }
	default:
		err = fmt.Errorf("%w: %q", errWorker, what)
	}
	return write, read, err
}
