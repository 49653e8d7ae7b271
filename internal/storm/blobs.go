package storm

import (
	"fmt"

	"shmkit/array"
	"shmkit/shm"
)

// blobs is the actor of the heap: arrays without a name, of all sizes, filled with
// what is nobody else's. Some grow the segment.
//
// Its law: memory comes zeroed, nobody else writes to it while it is in use, and at
// the end all of it is free again, which is for the storm itself to see.
type blobs struct{}

const (
	maxBlobs    = 6  // that a lane has at once
	maxBlobBits = 14 // words in the largest, as a power of 2
)

func (blobs) Name() string                               { return "array" }
func (blobs) Kinds() []string                            { return []string{"NewIn anonymous", "Close anonymous"} }
func (blobs) Setup(*shm.Segment, int) error              { return nil }
func (blobs) Open(*Lane) (Player, error)                 { return new(hoarder), nil }
func (blobs) Learn(*Deed)                                {}
func (blobs) Verdict(*shm.Segment, func(string, ...any)) {}

// hoarder is one lane of blobs.
type hoarder struct{ have []blob }

type blob struct {
	a     *array.Array[uint64]
	stamp uint64
}

func (p *hoarder) Step(l *Lane) {
	if len(p.have) == maxBlobs || len(p.have) > 0 && l.Rand.IntN(2) == 0 {
		i := l.Rand.IntN(len(p.have))
		b := p.have[i]
		p.have = append(p.have[:i], p.have[i+1:]...)
		l.Begin(1)
		l.Must(b.whole())
		l.Must(b.a.Close())
		l.End()
		return
	}
	n := 1 + l.Rand.IntN(1<<l.Rand.IntN(maxBlobBits+1))
	l.Begin(0, uint64(n))
	a, err := array.NewIn[uint64](l.Seg, "", n)
	l.Must(err)
	for i, w := range a.All() {
		if w != 0 {
			l.Fault("new memory is not zero: item %d of %d is %#x", i, n, w)
		}
	}
	b := blob{a, l.UID()}
	for i := range n {
		a.Set(i, b.stamp)
	}
	p.have = append(p.have, b)
	l.End()
}

// whole tells whether somebody else wrote to b.
func (b *blob) whole() error {
	for i, w := range b.a.All() {
		if w != b.stamp {
			return fmt.Errorf("%w: item %d of %d is %#x, want %#x", errForeign, i, b.a.Len(), w, b.stamp)
		}
	}
	return nil
}

func (p *hoarder) Close() error {
	for _, b := range p.have {
		if err := b.whole(); err != nil {
			return err
		}
		if err := b.a.Close(); err != nil {
			return err
		}
	}
	return nil
}
