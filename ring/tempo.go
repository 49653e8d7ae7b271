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
	eager  uint64 // so many items after that it may do so again
}

const (
	tempoPauses = restPauses / 2
	mostRests   = 4 // in a row
	littleGain  = 8 // items; who gains fewer in one of them does not come in a stream

	eagerLooks, eagerPauses = 40, 32 // as long as a sleep and a wake-up take
)

// start is called for an end at index, of a ring of n items.
func (t *tempo) start(index, n uint64) {
	*t = tempo{since: index, stream: inStream, waited: index, eager: n / 2}
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
		park.Pause(tempoPauses)
		before := n
		if n = ahead(); n < before+littleGain {
			break
		}
	}
	t.since = index
	if n >= first+goodGain {
		t.stream = inStream
	} else {
		t.stream = min(2*t.stream, mostStream)
	}
}

// look is called by an end e at index that has nothing to do. It looks for as long as a
// sleep takes, if it has gone over half a ring since it last did so, and gives again if it
// should sleep; see spin.go for why, and for what follows if that was for nothing.
func (t *tempo) look(e *end, index uint64) error {
	if t.near == 0 || index-t.waited < t.eager || park.Alone() {
		return e.again
	}
	t.waited = index
	err := e.look(eagerLooks, eagerPauses)
	if err == e.again {
		t.eager = min(2*t.eager, mostEager)
	} else {
		t.eager = 2 * t.near
	}
	return err
}
