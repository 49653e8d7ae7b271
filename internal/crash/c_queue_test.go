//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"

	"shmkit/ring"
)

func init() { cOperations = append(cOperations, cQueueOperations...) }

// cQueueOperations are those of include/shmkit_queue.h on the queue that Go uses too: the
// resident puts and takes beside the victim, and the visitor counts what is left.
var cQueueOperations = []operation{
	{name: "C: queue_tryput", c: true, brief: true, shows: queueShows},
	{name: "C: queue_tryget", c: true, brief: true, shows: queueShows, stage: residentDoes("post")},
	{name: "C: queue_put that waits", c: true, shows: queueShows, stage: residentDoes("fill"), rouse: residentDoes("clear a place")},
	{name: "C: queue_get that waits", c: true, shows: queueShows, rouse: residentDoes("post")},
	{name: "C: queue_put that wakes", c: true, shows: queueShows, meanwhile: residentAwaits("want a parcel", itemsWanted)},
	{name: "C: queue_get that wakes", c: true, shows: queueShows, meanwhile: func(s *scene) {
		s.ask(s.resident, "fill", "staging")
		residentAwaits("want room", roomWanted)(s)
	}},
	{name: "C: queue_trylease", c: true, brief: true, shows: queueShows, stage: residentDoes("post")},
	{name: "C: queue_ack", c: true, brief: true, shows: queueShows, stage: residentDoes("post")},
	{name: "C: queue_nack", c: true, brief: true, shows: queueShows, stage: residentDoes("post")},
	{name: "C: queue_tryloan", c: true, brief: true, shows: queueShows},
	{name: "C: queue_publish", c: true, brief: true, shows: queueShows},
	{name: "C: queue_abandon", c: true, brief: true, shows: queueShows},
	{name: "C: queue_get of what the dead had", c: true, shows: queueShows, meanwhile: corpseLeases},
	{name: "C: queue_tryget of what the dead had", c: true, shows: queueShows, meanwhile: corpseLeasesAndMore},
	{name: "C: queue_release", c: true, shows: queueShows, stage: residentDoes("post")},
	{name: "C: queue_close", c: true, shows: queueShows, stage: closingMade, meanwhile: closingLeft},
}

// closingMade makes a queue that the victim may close.
func closingMade(s *scene) {
	c := s.guests["queue"].(*counter)
	q, err := ring.NewIn[parcel](s.seg, "closing", shelf)
	must(s.t, err)
	c.closing = q
}

// closingLeft leaves that queue to the victim.
func closingLeft(s *scene) {
	c := s.guests["queue"].(*counter)
	must(s.t, errors.Join(s.seg.RemoveObject("closing"), c.closing.Detach()))
}
