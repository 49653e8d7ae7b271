package storm

import (
	"encoding/binary"
	"errors"
	"fmt"

	"shmkit/shm"
	"shmkit/value"
)

// segments is the actor of whole segments: they are made, opened, filled, closed and
// removed while others do the same.
//
// Its law: a segment that is there at the end is whole, and its counter is at what
// was acknowledged in it.
type segments struct {
	counts  map[uint64]*tally // by identity of the segment
	unknown [segmentNames]uint64
}

const (
	segmentNames = 3
	crowd        = 80 // objects at once, so that the directory gets another page
)

const (
	useSegment = iota
	removeSegment
	crowdSegment
)

func (*segments) Name() string    { return "segment" }
func (*segments) Kinds() []string { return []string{"OpenOrCreate", "Remove", "crowd"} }

func segmentName(n uint64) string { return fmt.Sprint("storm-other-", n) }

func (x *segments) Setup(*shm.Segment, int) error {
	x.counts = map[uint64]*tally{}
	return nil
}

func (*segments) Open(*Lane) (Player, error) { return segmenter{}, nil }

// Learn: Args are the number of the name and how often to count, Result the
// identity of the segment.
func (x *segments) Learn(d *Deed) {
	if d.Kind == removeSegment {
		return
	}
	if !d.Known {
		x.unknown[d.Args[0]] += d.Args[1]
		return
	}
	id := d.Result[0]
	if x.counts[id] == nil {
		x.counts[id] = new(tally)
	}
	x.counts[id].known += d.Args[1]
}

func (x *segments) Verdict(_ *shm.Segment, report func(string, ...any)) {
	for n := range uint64(segmentNames) {
		seg, err := shm.Open(segmentName(n))
		if errors.Is(err, shm.ErrNotFound) {
			continue
		}
		if err != nil {
			report("%s: %v", segmentName(n), err)
			continue
		}
		x.look(seg, n, report)
		if err := errors.Join(seg.Close(), shm.Remove(segmentName(n))); err != nil {
			report("%s: %v", segmentName(n), err)
		}
	}
}

func (x *segments) look(seg *shm.Segment, n uint64, report func(string, ...any)) {
	found, err := seg.Check()
	if err != nil || len(found) > 0 {
		report("%s: Check: %v %v", segmentName(n), found, err)
	}
	if info, err := seg.Info(); err != nil || len(info.Objects) > 1 || len(info.Participants) != 1 {
		report("%s: %+v, %v: want the counter and this process", segmentName(n), info, err)
	}
	t := x.counts[idWord(seg.ID())]
	if t == nil {
		t = new(tally)
	}
	t.unknown += x.unknown[n]
	v, err := value.Open[uint64](seg, "n")
	if errors.Is(err, shm.ErrNotFound) {
		t.check(report, segmentName(n), 0)
		return
	}
	if err != nil {
		report("%s: %v", segmentName(n), err)
		return
	}
	t.check(report, segmentName(n), v.Load())
	if err := v.Close(); err != nil {
		report("%s: %v", segmentName(n), err)
	}
}

func idWord(id shm.ID) uint64 { return binary.LittleEndian.Uint64(id[:]) }

// segmenter is one lane of segments.
type segmenter struct{}

func (segmenter) Step(l *Lane) {
	n, kind, times := l.Rand.Uint64N(segmentNames), useSegment, l.Burst(40)
	switch l.Rand.IntN(16) {
	case 0:
		kind = removeSegment
	case 1:
		kind = crowdSegment
	}
	l.Begin(kind, n, times)
	if kind == removeSegment {
		if err := shm.Remove(segmentName(n)); !errors.Is(err, shm.ErrNotFound) {
			l.Must(err)
		}
		l.End()
		return
	}
	seg, err := shm.OpenOrCreate(segmentName(n), shm.WithSize(64<<10), shm.WithMaxSize(64<<20))
	l.Must(err)
	v, err := value.Open[uint64](seg, "n")
	for errors.Is(err, shm.ErrNotFound) {
		if v, err = value.NewIn(seg, "n", uint64(0)); errors.Is(err, shm.ErrExists) {
			v, err = value.Open[uint64](seg, "n")
		}
	}
	l.Must(err)
	if kind == crowdSegment {
		l.gather(seg)
	}
	for range times {
		v.Add(1)
	}
	l.Must(v.Close())
	id := idWord(seg.ID())
	l.Must(seg.Close())
	l.End(id)
}

// gather makes many objects, looks at them and closes them.
func (l *Lane) gather(seg *shm.Segment) {
	var all [crowd]*value.Value[uint64]
	for i := range all {
		v, err := value.NewIn(seg, "", l.UID())
		l.Must(err)
		all[i] = v
	}
	for i, v := range all {
		if i > 0 && v.Load() != all[i-1].Load()+1 {
			l.Fault("object %d holds %#x after %#x", i, v.Load(), all[i-1].Load())
		}
		if i > 0 {
			l.Must(all[i-1].Close())
		}
	}
	l.Must(all[crowd-1].Close())
}

func (segmenter) Costly() {}

func (segmenter) Close() error { return nil }
