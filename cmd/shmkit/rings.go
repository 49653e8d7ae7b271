package main

import (
	"fmt"

	"shmkit/shm"
)

// rings prints the queues and streams of a segment, and who has something of them in hand.
func (c *command) rings(info *shm.Info) error {
	var queues, holdings [][]any
	for _, o := range info.Objects {
		for n, r := range o.Rings {
			name := or(o.Name, "(anonymous)")
			if len(o.Rings) > 1 {
				name = fmt.Sprintf("%s, ring %d", name, n)
			}
			queues = append(queues, ringRow(&o, name, &r))
			for _, h := range r.Holdings {
				holdings = append(holdings, holdingRow(&o, name, &h))
			}
		}
	}
	if len(queues) > 0 {
		fmt.Fprintln(c.out)
		if err := c.table("QUEUE NAME WAITING OF HIGHEST PUT TAKEN AGAIN GETTING PUTTING STATE", queues); err != nil {
			return err
		}
	}
	if len(holdings) > 0 {
		fmt.Fprintln(c.out)
		return c.table("QUEUE NAME PID PROCESS HOLDS BLOCK TICKET DELIVERIES", holdings)
	}
	return nil
}

func ringRow(o *shm.ObjectInfo, name string, r *shm.RingInfo) []any {
	state, unit := "open", ""
	if r.Closed {
		state = "closed"
	}
	if o.Kind == shm.KindName(shm.KindRecords) || o.Kind == shm.KindName(shm.KindPair) {
		unit = " B"
	}
	var highest, taken, again any = r.HighWater, fmt.Sprint(r.Gets, unit), r.Redelivered
	if o.Kind != shm.KindName(shm.KindQueue) && o.Kind != shm.KindName(shm.KindJoinable) {
		highest, again = "-", "-" // not counted
	}
	if o.Kind == shm.KindName(shm.KindBroadcast) {
		taken = "-"
	}
	return []any{
		o.Index, name, fmt.Sprint(r.Len, unit), fmt.Sprint(r.Cap, unit), highest, fmt.Sprint(r.Puts, unit), taken, again,
		asleep(r.Getting), asleep(r.Putting), state,
	}
}

func asleep(some bool) string {
	if some {
		return "some"
	}
	return "-"
}

func holdingRow(o *shm.ObjectInfo, name string, h *shm.Holding) []any {
	state := "alive"
	if !h.Alive {
		state = "dead"
	}
	row := []any{o.Index, name, h.PID, state, h.What, "-", "-", "-"}
	switch h.What {
	case "lease":
		return append(row[:5], h.Block, h.Ticket, h.Deliveries)
	case "loan":
		row[5] = h.Block
	}
	return row
}

type ringRecord struct {
	Len         uint64          `json:"len"`
	Cap         uint64          `json:"cap"`
	Puts        uint64          `json:"puts"`
	Gets        uint64          `json:"gets"`
	Redelivered uint64          `json:"redelivered"`
	HighWater   uint64          `json:"high_water"`
	Closed      bool            `json:"closed"`
	Getting     bool            `json:"getting"`
	Putting     bool            `json:"putting"`
	Holdings    []holdingRecord `json:"holdings"`
}

type holdingRecord struct {
	What       string `json:"what"`
	Slot       uint32 `json:"slot"`
	PID        uint32 `json:"pid"`
	Alive      bool   `json:"alive"`
	Block      uint32 `json:"block"`
	Ticket     uint64 `json:"ticket"`
	Deliveries uint32 `json:"deliveries"`
}

func ringRecords(rings []shm.RingInfo) (list []ringRecord) {
	for _, r := range rings {
		x := ringRecord{
			r.Len, r.Cap, r.Puts, r.Gets, r.Redelivered, r.HighWater, r.Closed,
			r.Getting, r.Putting, []holdingRecord{},
		}
		for _, h := range r.Holdings {
			x.Holdings = append(x.Holdings, holdingRecord{h.What, h.Slot, h.PID, h.Alive, h.Block, h.Ticket, h.Deliveries})
		}
		list = append(list, x)
	}
	return list
}
