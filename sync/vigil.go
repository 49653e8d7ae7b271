package sync

import (
	"sync/atomic"

	"shmkit/internal/park"
	"shmkit/shm"
)

// vigilMost is how many processes a sleeper watches: a turn of park has eight words.
const vigilMost = 7

// vigil is the processes whose death one call wants to know of while it sleeps. The
// kernel wakes one sleeper of a death word. That may be this call, though it has got
// what it waits for by now or gives up: others sleep there for other objects of the
// dead. So each turn begins with over.
type vigil struct {
	watched [vigilMost]deathWatch
	n       int
}

// deathWatch is one of them.
type deathWatch struct {
	owner uint32
	word  *uint32 // its death word; nil: there is none to sleep on
	val   uint32  // what that is while it lives
}

// on names the death word of a process to sleep on.
func (v *vigil) on(r *park.Round, d deathWatch) {
	r.On(d.word, d.val)
	v.watched[v.n] = d
	v.n++
}

// over ends the watch of the last sleep, and wakes the others who sleep on death words
// that have changed.
func (v *vigil) over(o *shm.Object) {
	for _, d := range v.watched[:v.n] {
		if d.word != nil && atomic.LoadUint32(d.word) != d.val {
			o.WakeMourners(d.owner)
		}
	}
	v.n = 0
}
