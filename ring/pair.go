package ring

import (
	"context"
	"fmt"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// Pair is two rings of byte records in one object, or one: what a connection between two
// processes is made of. The rings are its lanes, 0 and 1; each is like a [Records] and has
// one [Writer] and one [Reader].
//
// Use [NewPair], [NewPairIn], [OpenPair] or unmarshal one that another process sent; the
// zero value is only good for that, and a Pair must not be copied. All methods but Detach
// may be called concurrently, and from several processes. What happens if the process of an
// end dies is as for [SPSC].
type Pair struct {
	use
	lanes []lane
}

// NewPair makes a Pair of one or two lanes without a name on the process's default heap.
// Each has room for size bytes, as for [NewRecords]. It is freed when the last process that
// uses it detaches or dies. Errors: ErrCapacity; those of shm.Default and
// Segment.NewObject.
//
// Preconditions:
//   - lanes is 1 or 2
func NewPair(size, lanes int) (*Pair, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return NewPairIn(seg, "", size, lanes)
}

// NewPairIn makes a Pair called name in seg. It stays until Segment.RemoveObject. Errors:
// as NewPair, shm.ErrExists among them.
//
// Preconditions:
//   - lanes is 1 or 2
func NewPairIn(seg *shm.Segment, name string, size, lanes int) (*Pair, error) {
	if lanes != 1 && lanes != 2 {
		panic(fmt.Sprintf("ring: a pair of %d lanes", lanes))
	}
	n, err := roundRecords(size)
	if err != nil {
		return nil, err
	}
	o, err := seg.NewObject(name, pairSpec(n*uint64(lanes)), func(o *shm.Object) error {
		for i := range uint64(lanes) {
			shm.Head[layout.StreamHead](o, i*streamHeadSize).Limit = n
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return newPair(o)
}

func newPair(o *shm.Object) (*Pair, error) {
	p := new(Pair)
	if err := p.init(o); err != nil {
		return nil, err
	}
	return p, nil
}

// OpenPair opens the Pair called name in seg. Errors: shm.ErrNotFound; *shm.TypeError if it
// is something else; *shm.CorruptError.
func OpenPair(seg *shm.Segment, name string) (*Pair, error) {
	o, err := seg.OpenObject(name, pairSpec(0))
	if err != nil {
		return nil, err
	}
	return newPair(o)
}

// UnmarshalBinary opens, in whatever process, the pair whose bytes these are. p must be
// new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (p *Pair) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, p.open) }

// UnmarshalText opens the pair whose text this is, as UnmarshalBinary.
func (p *Pair) UnmarshalText(text []byte) error { return shm.DecodeText(text, p.open) }

func (p *Pair) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, pairSpec(0))
	if err != nil {
		return err
	}
	return p.init(o)
}

// pairSpec is what a Pair of so many bytes, in all rings, is.
func pairSpec(size uint64) shm.Spec {
	s := recordsSpec(size)
	s.Kind = shm.KindPair
	return s
}

// init makes p a handle of o, which it then owns.
func (p *Pair) init(o *shm.Object) error {
	all := o.Spec().Count
	n := shm.Head[layout.StreamHead](o, 0).Limit
	var err error
	if n == 0 || n != all && n != all/2 || all%n != 0 {
		err = &shm.CorruptError{Field: "stream.Limit", Value: n}
	}
	for i := uint64(0); err == nil && i*n < all; i++ {
		var l lane
		if l, err = laneOf(o, i, n); err == nil && l.stream.limit != n {
			err = l.stream.damaged("Limit", l.stream.limit)
		}
		p.lanes = append(p.lanes, l)
	}
	if err != nil {
		o.Close()
		return err
	}
	own(&p.use, p, o)
	return nil
}

// Share makes another handle of the same pair. Errors: [ErrDetached].
func (p *Pair) Share() (*Pair, error) {
	o := p.obj.Load()
	if o == nil {
		return nil, ErrDetached
	}
	o.Retain()
	return newPair(o)
}

// Place tells the pair from all others of its segment, for people.
func (p *Pair) Place() (index, generation uint32) {
	if o := p.obj.Load(); o != nil {
		return o.Place()
	}
	return 0, 0
}

// Lanes is how many rings there are: 1 or 2.
func (p *Pair) Lanes() int { return len(p.lanes) }

// Writer takes the producer end of a lane for this process; see [Records.Writer].
//
// Preconditions:
//   - lane is less than Lanes
func (p *Pair) Writer(lane int) (*Writer, error) {
	if p.obj.Load() == nil {
		return nil, ErrDetached
	}
	return p.lanes[lane].writer(context.Background(), false)
}

// Reader takes the consumer end of a lane for this process; see [Records.Reader].
//
// Preconditions:
//   - lane is less than Lanes
func (p *Pair) Reader(lane int) (*Reader, error) {
	if p.obj.Load() == nil {
		return nil, ErrDetached
	}
	return p.lanes[lane].reader(context.Background(), false)
}

// MaxRecord is the length of the longest record.
func (p *Pair) MaxRecord() int { return maxRecord(p.lanes[0].bytes) }

// String is for people.
func (p *Pair) String() string {
	o := p.obj.Load()
	if o == nil {
		return "Pair(detached)"
	}
	return "Pair(" + o.Describe() + ")"
}
