package storm

import "shmkit/ring"

// ware is what goes over a conveyor. Each message has an id, and tells whether it is whole.
type ware[T any] struct {
	name    string
	options []ring.Option
	of      func(id uint64) T
	id      func(c T) (id uint64, whole bool)
	// fill makes *v the message of id, with a pause when it is half-done.
	fill func(v *T, id uint64, pause func())
}

// crate is longer than a line; all words are equal.
type crate [12]uint64

func crateOf(id uint64) (c crate) {
	for i := range c {
		c[i] = id
	}
	return c
}

func crates() *conveyor[crate] {
	return &conveyor[crate]{ware: ware[crate]{
		name: "queue", of: crateOf,
		id: func(c crate) (uint64, bool) { return c[0], c == crateOf(c[0]) },
		fill: func(v *crate, id uint64, pause func()) {
			whole, half := crateOf(id), len(v)/2
			copy(v[:half], whole[:half])
			pause()
			copy(v[half:], whole[half:])
		},
	}}
}

// train is a message that is encoded, in one block or several; all words are equal, and tell
// how many there are.
type train []uint64

const (
	trainBlock = 64
	trainMost  = 50 // words, of up to 9 bytes each: they fit into conveyorRoom blocks
)

func trainOf(id uint64) train {
	t := make(train, 1+id%trainMost)
	for i := range t {
		t[i] = id
	}
	return t
}

func trains() *conveyor[train] {
	return &conveyor[train]{ware: ware[train]{
		name: "chain", options: []ring.Option{ring.BlockSize(trainBlock)}, of: trainOf,
		id: func(t train) (uint64, bool) {
			if len(t) == 0 || len(t) != len(trainOf(t[0])) {
				return 0, false
			}
			for _, id := range t {
				if id != t[0] {
					return id, false
				}
			}
			return t[0], true
		},
		fill: func(v *train, id uint64, pause func()) {
			*v = trainOf(id)
			pause()
		},
	}}
}
