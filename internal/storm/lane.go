package storm

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"shmkit/internal/sys"
	"shmkit/shm"
)

// Lane is one goroutine of a process of the storm: what a [Player] sees of it.
type Lane struct {
	ID          int
	Lanes       int // in all processes together
	Incarnation uint32
	Alone       bool // there is one actor only
	Rand        *rand.Rand
	Seg         *shm.Segment

	serial  uint64
	actor   int
	kind    int
	acting  string
	process *process
}

// process is what the lanes of one process share.
type process struct {
	pipe *os.File
	self *shm.Object // any object, for the counters of this process
	end  atomic.Bool // each lane ends after its operation
}

// UID is a number that no lane ever gets again.
func (l *Lane) UID() uint64 {
	l.serial++
	return uid(l.ID, l.Incarnation, l.serial)
}

// Begin writes the record before an operation.
func (l *Lane) Begin(kind int, args ...uint64) {
	l.kind = kind
	l.write(phaseBegin, args)
}

// End acknowledges the operation that was begun: from now on it must be found.
func (l *Lane) End(result ...uint64) { l.write(phaseEnd, result) }

func (l *Lane) write(phase uint8, args []uint64) {
	r := record{phase: phase, actor: uint8(l.actor), kind: uint8(l.kind), lane: uint16(l.ID), at: sys.Monotonic()}
	copy(r.args[:], args)
	stats := l.process.self.Stats()
	r.recoveries = uint32(atomic.LoadUint64(&stats.Recoveries))
	r.sweeps = uint32(atomic.LoadUint64(&stats.Sweeps))
	if err := r.write(l.process.pipe); err != nil {
		os.Exit(3) // the test is gone
	}
}

// Fault ends the process: a law is broken.
func (l *Lane) Fault(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "storm: lane %d.%d, %s: %s\n", l.ID, l.Incarnation, l.acting, fmt.Sprintf(format, args...))
	os.Exit(1)
}

// Must is Fault if err is not nil.
func (l *Lane) Must(err error) {
	if err != nil {
		l.Fault("%v", err)
	}
}

// Burst is how many times to do something between two records: mostly once, so that
// little is uncertain, and at times often, so that kills hit the inside.
func (l *Lane) Burst(most uint64) uint64 {
	if l.Rand.IntN(4) > 0 {
		return 1
	}
	return 1 + l.Rand.Uint64N(most)
}

// Pause gives the others a chance to come in between, at times.
func (l *Lane) Pause() {
	switch l.Rand.IntN(256) {
	case 0:
		time.Sleep(time.Duration(l.Rand.IntN(200)) * time.Microsecond)
	case 1, 2, 3, 4, 5, 6, 7, 8:
		for range l.Rand.IntN(2000) {
			_ = l.process.end.Load()
		}
	}
}

// costly is a player whose steps take so long that one at a time will do.
type costly interface{ Costly() }

// round is how many steps in a row a player gets.
func (l *Lane) round(p Player) int {
	if _, ok := p.(costly); ok {
		return l.Rand.IntN(2)
	}
	return 1 + l.Rand.IntN(16)
}

// run does one operation after the other.
func (l *Lane) run(cast []Actor) {
	var players []Player
	for i, a := range cast {
		l.actor, l.acting = i, a.Name()
		p, err := a.Open(l)
		l.Must(err)
		players = append(players, p)
	}
	for !l.process.end.Load() {
		l.actor = l.Rand.IntN(len(cast))
		l.acting = cast[l.actor].Name()
		for range l.round(players[l.actor]) {
			players[l.actor].Step(l)
		}
	}
	for i, p := range players {
		l.acting = cast[i].Name() + " close"
		l.Must(p.Close())
	}
}
