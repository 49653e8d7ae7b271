package ring

import (
	"sync/atomic"

	"shmkit/internal/park"
	"shmkit/shm"
)

// vigilMost is how many processes a sleeper watches: eight words in a turn of park need no
// memory, and one of them is what it waits for.
const vigilMost = 7

// vigil is the processes whose death one call wants to know of while it sleeps. The
// kernel wakes one sleeper of a death word. That may be this call, though it has got
// what it waits for by now or gives up: others sleep there for other objects of the
// dead. So each turn begins with over. A Loop that gives up has had one more turn after
// its last sleep.
type vigil struct {
	watched [vigilMost]struct {
		owner uint32
		word  *uint32 // its death word
		val   uint32  // what that is while it lives
	}
	n int
}

// on names the death word of owner, which has the value val, to sleep on. It is false if
// there is no room.
func (v *vigil) on(r *park.Round, owner uint32, word *uint32, val uint32) bool {
	if v.n == vigilMost {
		return false
	}
	r.OnDeath(word, val)
	d := &v.watched[v.n]
	d.owner, d.word, d.val = owner, word, val
	v.n++
	return true
}

// over ends the watch of the last sleep, and wakes the others who sleep on death words
// that have changed.
func (v *vigil) over(o *shm.Object) {
	for _, d := range v.watched[:v.n] {
		if atomic.LoadUint32(d.word) != d.val {
			o.WakeMourners(d.owner)
		}
	}
	v.n = 0
}
