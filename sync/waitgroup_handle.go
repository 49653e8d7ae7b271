package sync

import (
	"fmt"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// WaitGroupInfo is a snapshot of a [WaitGroup].
type WaitGroupInfo struct {
	Open    int // units that nobody has begun
	Begun   []WorkInfo
	Lost    int  // units that were lost, and nobody has taken note of
	Waiters bool // somebody may be asleep
}

// WorkInfo is the work of one process.
type WorkInfo struct {
	PID   uint32
	Slot  uint32
	Alive bool // false if the process is dead, and its units as good as lost
	Units int  // that it has begun and not done
}

// Info tells how much work is left, and which processes have begun some. The result is
// a snapshot. It is nil after Close.
func (g *WaitGroup) Info() *WaitGroupInfo {
	if g.enter() != nil {
		return nil
	}
	defer g.leave()
	w := g.group.Word()
	info := &WaitGroupInfo{Open: int(w & layout.WorkOpen), Waiters: w&layout.WorkWaiters != 0}
	for slot := range uint32(layout.MaxSlots) {
		cell := g.group.Cell(slot)
		info.Lost += int(layout.CellLost(cell))
		if n := layout.CellCount(cell); n > 0 {
			owner := g.obj.Occupant(slot)
			info.Begun = append(info.Begun, WorkInfo{
				PID: g.obj.PIDOf(owner), Slot: slot, Units: int(n), Alive: g.obj.Liveness(owner, true) != shm.Dead,
			})
		}
	}
	return info
}

// String tells how much work is left and who has begun it, for people.
func (g *WaitGroup) String() string {
	if g.enter() != nil {
		return "WaitGroup(closed)"
	}
	defer g.leave()
	return fmt.Sprintf("WaitGroup(%s)", g.obj.Describe())
}

// UnmarshalBinary opens, in whatever process, the group whose bytes these are. g must be
// new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (g *WaitGroup) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, g.open) }

// UnmarshalText opens the group whose text this is, as UnmarshalBinary.
func (g *WaitGroup) UnmarshalText(text []byte) error { return shm.DecodeText(text, g.open) }

func (g *WaitGroup) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, workSpec)
	if err == nil {
		err = g.init(o)
	}
	return err
}
