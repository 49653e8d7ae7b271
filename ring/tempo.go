package ring

import "shmkit/internal/park"

// tempo is how an end of an SPSC lets the other end get ahead when it has come close to it,
// for the reasons that are in pace.go. Whether it found nothing, or little, and whether it had
// to wait before, makes no difference here: a wait ends with the first item, and then the
// two go in step, item by item.
//
// Two ends that ask and answer are close all the time, and gain nothing by a rest. So a rest
// ends as soon as the other end gains little, and each one that brought little doubles the
// number of items until the next.
type tempo struct {
	near   uint64 // items; who may go over fewer is close. 0 in a small ring: no rests
	since  uint64 // where the last rest was
	stream uint64 // so many items after that there may be another one
	waited uint64 // where eager last said yes
}

const (
	restPauses = 32 // of the processor's, about a microsecond
	mostRests  = 4  // in a row
	littleGain = 8  // items; who gains fewer in one of them does not come in a stream
	goodGain   = 32 // in all of them
	rareRests  = 1 << 14

	// A sleep and a wake-up take some ten microseconds. So long an end looks, between pauses,
	// after it went over half a ring of items.
	eagerLooks, eagerPauses = 40, 32
)

// start is called for an end at index, of a ring of n items.
func (t *tempo) start(index, n uint64) {
	*t = tempo{since: index, stream: inStream, waited: index}
	if n >= smallQueue {
		t.near = n / 4
	}
}

// close tells whether an end at index, which may go over n items, should rest.
func (t *tempo) close(index, n uint64) bool {
	return n < t.near && index-t.since >= t.stream
}

// rest lets the other end get ahead of one at index. ahead looks how far it is.
func (t *tempo) rest(index uint64, ahead func() uint64) {
	first := ahead()
	n := first
	for range mostRests {
		park.Pause(restPauses)
		before := n
		if n = ahead(); n < before+littleGain {
			break
		}
	}
	t.since = index
	if n >= first+goodGain {
		t.stream = inStream
	} else {
		t.stream = min(2*t.stream, rareRests)
	}
}

// eager tells whether an end at index that has nothing to do should look for longer than
// others before it sleeps. Otherwise two ends could go on with a sleep for each half a ring,
// for good: each finds nothing while the other one is being woken.
func (t *tempo) eager(index uint64) bool {
	if t.near == 0 || index-t.waited < 2*t.near {
		return false
	}
	t.waited = index
	return !park.Alone()
}
