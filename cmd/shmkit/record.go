package main

import (
	"time"

	"shmkit/shm"
)

// The JSON of a segment. Field names are a promise: see docs/cli.md.

type segmentRecord struct {
	Path         string              `json:"path"`
	Error        string              `json:"error,omitempty"`
	ID           string              `json:"id,omitempty"`
	Anonymous    bool                `json:"anonymous"`
	Created      time.Time           `json:"created"`
	Bytes        uint64              `json:"bytes"`
	MaxBytes     uint64              `json:"max_bytes"`
	Heap         heapRecord          `json:"heap"`
	Participants []participantRecord `json:"participants"`
	Objects      []objectRecord      `json:"objects"`
}

type heapRecord struct {
	Arenas       int    `json:"arenas"`
	Blocks       int    `json:"blocks"`
	FreeBlocks   int    `json:"free_blocks"`
	Bytes        uint64 `json:"bytes"`
	FreeBytes    uint64 `json:"free_bytes"`
	LargestBytes uint64 `json:"largest_free_bytes"`
}

type participantRecord struct {
	Slot       uint32    `json:"slot"`
	Generation uint32    `json:"generation"`
	PID        uint32    `json:"pid"`
	Name       string    `json:"name"`
	Language   string    `json:"language"`
	Attached   time.Time `json:"attached"`
	Alive      bool      `json:"alive"`
	Sleeps     uint64    `json:"sleeps"`
	Wakes      uint64    `json:"wakes"`
	Recoveries uint64    `json:"recoveries"`
	Sweeps     uint64    `json:"sweeps"`
}

type objectRecord struct {
	Index     uint32       `json:"index"`
	Name      string       `json:"name"`
	Kind      string       `json:"kind"`
	Type      string       `json:"type"`
	ItemBytes uint32       `json:"item_bytes"`
	Count     uint64       `json:"count"`
	Offset    uint64       `json:"offset"`
	Bytes     uint64       `json:"bytes"`
	Users     int          `json:"users"`
	Created   time.Time    `json:"created"`
	PID       uint32       `json:"creator_pid"`
	Lock      *lockRecord  `json:"lock,omitempty"`
	Sync      string       `json:"sync,omitempty"` // state and owners in words, of what lock does not tell
	Rings     []ringRecord `json:"rings,omitempty"`
}

type lockRecord struct {
	State      string  `json:"state"`
	OwnerPID   uint32  `json:"owner_pid,omitempty"`
	OwnerSlot  *uint32 `json:"owner_slot,omitempty"` // nil if not held; 0 is a slot
	OwnerAlive bool    `json:"owner_alive"`
	Waiters    bool    `json:"waiters"`
	SeenForMS  uint64  `json:"seen_for_ms,omitempty"`
	Takeovers  uint64  `json:"takeovers"`
}

func recordOf(info *shm.Info) segmentRecord {
	if info.Err != nil {
		return segmentRecord{
			Path: info.Path, Error: reason(info.Err), Participants: []participantRecord{}, Objects: []objectRecord{},
		}
	}
	r := segmentRecord{
		Path: info.Path, ID: info.ID.String(), Anonymous: info.Anonymous, Created: info.Created,
		Bytes: info.Bytes, MaxBytes: info.MaxBytes,
		Heap: heapRecord{
			info.Heap.Arenas, info.Heap.Blocks, info.Heap.FreeBlocks,
			info.Heap.Bytes, info.Heap.FreeBytes, info.Heap.Largest,
		},
		Participants: []participantRecord{}, Objects: []objectRecord{},
	}
	for _, p := range info.Participants {
		r.Participants = append(r.Participants, participantRecord{
			p.Slot, p.Generation, p.PID, p.Name, p.Language, p.Attached, p.Alive,
			p.Sleeps, p.Wakes, p.Recoveries, p.Sweeps,
		})
	}
	for _, o := range info.Objects {
		r.Objects = append(r.Objects, objectRecord{
			o.Index, o.Name, o.Kind, o.Type.Signature, o.Type.Size, o.Count, o.Offset, o.Bytes, o.Users,
			o.Created, o.CreatorPID, lockRecordOf(o.Lock), o.Sync, ringRecords(o.Rings),
		})
	}
	return r
}

func lockRecordOf(l *shm.LockInfo) *lockRecord {
	if l == nil {
		return nil
	}
	r := &lockRecord{
		State: l.State, OwnerPID: l.OwnerPID, OwnerAlive: l.Alive, Waiters: l.Waiters,
		SeenForMS: uint64(max(0, l.Since.Milliseconds())), Takeovers: l.Takeovers,
	}
	if l.State == "held" {
		r.OwnerSlot = &l.OwnerSlot
	}
	return r
}
