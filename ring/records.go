package ring

import (
	"context"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// Records is a ring of byte records of any length, from one process to another, or to
// itself, first in first out. A record lies in one piece, at a multiple of 8 bytes. It has
// one [Writer] and one [Reader] at a time, in any processes; a second one is refused, until
// the first gives its end back or its process dies.
//
// Use [NewRecords], [NewRecordsIn], [OpenRecords] or unmarshal one that another process
// sent; the zero value is only good for that, and a Records must not be copied. All
// methods but Detach may be called concurrently, and from several processes. What happens if
// the process of an end dies is as for [SPSC].
type Records struct {
	use
	lane
}

// Bounds of the size of a Records, in bytes.
const (
	MinRecords = 64
	MaxRecords = 1 << 32
)

// NewRecords makes an empty Records without a name on the process's default heap. It has
// room for size bytes, rounded up to a power of two; each record takes 8 bytes more than
// its length, rounded up to 8, and no record may take more than half of the room. It is
// freed when the last process that uses it detaches or dies. Errors: ErrCapacity; those of
// shm.Default and Segment.NewObject.
func NewRecords(size int) (*Records, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return NewRecordsIn(seg, "", size)
}

// NewRecordsIn makes an empty Records called name in seg. It stays until
// Segment.RemoveObject. Errors: as NewRecords, shm.ErrExists among them.
func NewRecordsIn(seg *shm.Segment, name string, size int) (*Records, error) {
	n, err := roundRecords(size)
	if err != nil {
		return nil, err
	}
	o, err := seg.NewObject(name, recordsSpec(n), func(o *shm.Object) error {
		shm.Head[layout.StreamHead](o, 0).Limit = n
		return nil
	})
	if err != nil {
		return nil, err
	}
	return initRecords(new(Records), o)
}

// OpenRecords opens the Records called name in seg. Errors: shm.ErrNotFound;
// *shm.TypeError if it is something else; *shm.CorruptError.
func OpenRecords(seg *shm.Segment, name string) (*Records, error) {
	o, err := seg.OpenObject(name, recordsSpec(0))
	if err != nil {
		return nil, err
	}
	return initRecords(new(Records), o)
}

// UnmarshalBinary opens, in whatever process, the ring whose bytes these are. r must be
// new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (r *Records) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, r.open) }

// UnmarshalText opens the ring whose text this is, as UnmarshalBinary.
func (r *Records) UnmarshalText(text []byte) error { return shm.DecodeText(text, r.open) }

func (r *Records) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, recordsSpec(0))
	if err == nil {
		_, err = initRecords(r, o)
	}
	return err
}

// recordsSpec is what a Records of so many bytes is.
func recordsSpec(size uint64) shm.Spec {
	t, err := shm.TypeOf[byte]()
	if err != nil {
		panic(err)
	}
	return shm.Spec{Kind: shm.KindRecords, Type: t, Count: size}
}

// initRecords makes r a handle of o, which it then owns.
func initRecords(r *Records, o *shm.Object) (*Records, error) {
	n := o.Spec().Count
	l, err := laneOf(o, 0, n)
	if err == nil && l.stream.limit != n {
		err = l.stream.damaged("Limit", l.stream.limit)
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	r.lane = l
	return own(&r.use, r, o), nil
}

// Writer takes the producer end for this process. It waits for nobody, except, for a
// moment, for the end of a process that is dying. Errors: *[RoleError] if a process that
// lives has it; *shm.CorruptError; [ErrDetached].
func (r *Records) Writer() (*Writer, error) { return r.writer(context.Background(), false) }

// WriterContext is Writer that waits until the end is free, because who has it gives it
// back or dies. It gives up when ctx ends, and then returns the cause of ctx.
func (r *Records) WriterContext(ctx context.Context) (*Writer, error) { return r.writer(ctx, true) }

func (r *Records) writer(ctx context.Context, patient bool) (*Writer, error) {
	if r.obj.Load() == nil {
		return nil, ErrDetached
	}
	return r.lane.writer(ctx, patient)
}

// Reader takes the consumer end for this process. Waiting and errors are as for Writer.
func (r *Records) Reader() (*Reader, error) { return r.reader(context.Background(), false) }

// ReaderContext is Reader that waits until the end is free; see WriterContext.
func (r *Records) ReaderContext(ctx context.Context) (*Reader, error) { return r.reader(ctx, true) }

func (r *Records) reader(ctx context.Context, patient bool) (*Reader, error) {
	if r.obj.Load() == nil {
		return nil, ErrDetached
	}
	return r.lane.reader(ctx, patient)
}

// Len is how many bytes wait to be taken, with what lies between them, at some instant
// during the call.
func (r *Records) Len() int {
	if r.obj.Load() == nil {
		return 0
	}
	return int(r.stream.waiting())
}

// Cap is how many bytes the ring has room for.
func (r *Records) Cap() int { return len(r.bytes) }

// MaxRecord is the length of the longest record.
func (r *Records) MaxRecord() int { return maxRecord(r.bytes) }

func maxRecord(ring []byte) int { return len(ring)/2 - layout.RecordHead }

// String is for people.
func (r *Records) String() string {
	if r.obj.Load() == nil {
		return "Records(detached)"
	}
	return r.stream.describe("Records", " bytes")
}
