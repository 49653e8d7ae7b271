package sync

import (
	"context"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// PermitsInfo is a snapshot of Permits, and plain data: it knows nothing of what other
// processes do after it was made, nor of one that dies.
type PermitsInfo struct {
	Count     int // permits in all
	Free      int
	Owners    []PermitsOwner
	Waiters   bool   // somebody may be asleep
	Takeovers uint64 // permits taken back from processes that died or left with them
}

// PermitsOwner is a process that had permits when a PermitsInfo was made. It is plain
// data: when the process dies it stays.
type PermitsOwner struct {
	PID     uint32
	Slot    uint32
	Alive   bool // false if the process is dead, and its permits as good as free
	Permits int
}

// Info tells how many permits are free and which process has the others. The result
// is a snapshot. It is nil after Close.
func (p *Permits) Info() *PermitsInfo {
	if p.enter() != nil {
		return nil
	}
	defer p.leave()
	info := &PermitsInfo{
		Count:     len(p.cells),
		Waiters:   atomic.LoadUint32(&p.head.Seq)&layout.PermitsWaiters != 0,
		Takeovers: atomic.LoadUint64(&p.head.Takeovers),
	}
	at := map[uint32]int{}
	for i := range p.cells {
		id := atomic.LoadUint32(&p.cells[i])
		if id == 0 {
			info.Free++
			continue
		}
		k, known := at[id]
		if !known {
			k = len(info.Owners)
			at[id] = k
			info.Owners = append(info.Owners, PermitsOwner{
				PID: p.obj.PIDOf(id), Slot: layout.OwnerSlot(id), Alive: p.obj.Liveness(id, true) != shm.Dead,
			})
		}
		info.Owners[k].Permits++
	}
	return info
}

// Value is the number of free permits at some instant of the call, those of the dead
// not counted. It is 0 after Close.
func (p *Permits) Value() int { return p.count(0) }

// Held is how many permits this process has. It is 0 after Close.
func (p *Permits) Held() int { return p.count(p.self) }

func (p *Permits) count(of uint32) (n int) {
	if p.enter() != nil {
		return 0
	}
	defer p.leave()
	for i := range p.cells {
		if atomic.LoadUint32(&p.cells[i]) == of {
			n++
		}
	}
	return n
}

// Count is the number of permits, free or not.
func (p *Permits) Count() int { return len(p.cells) }

// String tells how many are free and who has the others, for people.
func (p *Permits) String() string { return p.describe("Permits") }

// With runs f with a permit, which it gives back when f returns or panics. It returns
// f's error, or that of Acquire if f did not run.
func (p *Permits) With(f func() error) error { return p.WithContext(context.Background(), f) }

// WithContext is With that gives up waiting when ctx ends.
func (p *Permits) WithContext(ctx context.Context, f func() error) (err error) {
	if err := p.AcquireContext(ctx); err != nil {
		return err
	}
	defer func() {
		if e := p.Release(); err == nil {
			err = e
		}
	}()
	return f()
}

// UnmarshalBinary opens, in whatever process, the permits whose bytes these are. p must
// be new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (p *Permits) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, p.open) }

// UnmarshalText opens the permits whose text this is, as UnmarshalBinary.
func (p *Permits) UnmarshalText(text []byte) error { return shm.DecodeText(text, p.open) }

func (p *Permits) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, permitsSpec)
	if err != nil {
		return err
	}
	return p.init(o)
}
